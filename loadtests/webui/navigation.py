"""Which pages come at which address: ours at /, Locust's at /?locust, with links between them."""

from __future__ import annotations

from flask import Request, Response

_LINK = """<script src="./sessions/assets/link.js" defer></script>
</body>"""
_INDEX = "locust.index"


def is_start_page(request: Request) -> bool:
    """Whether the request is for the address of Locust's page, at which our start page comes first."""
    return request.endpoint == _INDEX and not request.query_string


def is_locusts_page(request: Request) -> bool:
    """Whether the request is for Locust's own page. Its tabs are in the query too: a reload must not lead away from them."""
    return request.endpoint == _INDEX and bool(request.query_string)


def add_links(response: Response) -> Response:
    """Returns Locust's page with the script that adds our links: Locust has no hook for links."""
    if response.mimetype != "text/html" or response.direct_passthrough:
        return response
    text = response.get_data(as_text=True)
    response.set_data(text.replace("</body>", _LINK, 1))
    return response
