"""The bytes of a request."""

from __future__ import annotations

from loadtests.http.route import Route

WITH_BODY = b"%bContent-Length: %d\r\n\r\n%b"
"""Completes a head by a body: `WITH_BODY % (head, len(body), body)`. Without a body, an empty line completes it."""


def request_head(route: Route, method: str, target: str, key: str) -> bytes:
    """Returns the head of a request without its last lines; `target`: path and query below the origin's prefix."""
    origin, proxy = route.origin, route.proxy if route.is_forwarded else None
    lines = (
        # A proxy needs the whole URL (RFC 9112, section 3.2.2).
        f"{method} {origin.url if proxy else origin.prefix}{target} HTTP/1.1",
        f"Host: {origin.authority}",
        f"Authorization: Bearer {key}",
        *(proxy.header_lines if proxy else ()),
        *(("Content-Type: application/json",) if method == "POST" else ()),
        "Accept: application/json",
        "User-Agent: streamsoak",
        "",
    )
    return "\r\n".join(lines).encode("ascii")
