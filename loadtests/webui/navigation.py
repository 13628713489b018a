"""Adds a link to the Sessions page to Locust's start page, by changing Locust's answer: Locust has no hook for links."""

from __future__ import annotations

from flask import Response

_LINK = """<script src="./sessions/assets/link.js" defer></script>
</body>"""


def add_link(response: Response) -> Response:
    """Returns Locust's start page with the script that adds our link."""
    if response.mimetype != "text/html" or response.direct_passthrough:
        return response
    text = response.get_data(as_text=True)
    response.set_data(text.replace("</body>", _LINK, 1))
    return response
