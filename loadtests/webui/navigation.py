"""A link from Locust's own pages to ours: Locust has no hook for one, but lets an application look over what it answers."""

from __future__ import annotations

from flask import Response

_LINK = """<script src="./sessions/assets/link.js" defer></script>
</body>"""


def add_link(response: Response) -> Response:
    """Locust's start page with our link in it."""
    if response.mimetype != "text/html" or response.direct_passthrough:
        return response
    text = response.get_data(as_text=True)
    response.set_data(text.replace("</body>", _LINK, 1))
    return response
