"""The head of a request."""

from __future__ import annotations

from loadtests.http.route import Route


def request_head(route: Route, method: str, target: str, credential: str, has_body: bool = False) -> bytes:
    """Returns the head of a request without its last lines.

    `target`: path and query below the origin's prefix; `credential`: a line or "".
    """
    origin, proxy = route.origin, route.proxy if route.is_forwarded else None
    lines = (
        # A proxy needs the whole URL (RFC 9112, section 3.2.2).
        f"{method} {origin.url if proxy else origin.prefix}{target} HTTP/1.1",
        f"Host: {origin.authority}",
        *((credential,) if credential else ()),
        *(proxy.header_lines if proxy else ()),
        *(("Content-Type: application/json",) if has_body or method == "POST" else ()),
        "Accept: application/json",
        "User-Agent: streamsoak",
        "",
    )
    return "\r\n".join(lines).encode("ascii")
