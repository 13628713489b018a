"""The bytes of a request."""

from __future__ import annotations

from loadtests.http.route import Route

WITH_BODY = b"%b%d\r\n\r\n%b"
"""Completes the head of a POST request: `WITH_BODY % (head, len(body), body)`."""


def request_head(route: Route, method: str, target: str, key: str) -> bytes:
    """Returns the head of a request; of a POST request up to the value of Content-Length, its last line.

    `target`: path and query below the origin's prefix.
    """
    origin, proxy = route.origin, route.proxy if route.is_forwarded else None
    lines = (
        # A proxy needs the whole URL (RFC 9112, section 3.2.2).
        f"{method} {origin.url if proxy else origin.prefix}{target} HTTP/1.1",
        f"Host: {origin.authority}",
        f"Authorization: Bearer {key}",
        *(proxy.header_lines if proxy else ()),
        "Accept: application/json",
        "User-Agent: streamsoak",
        *(("Content-Type: application/json", "Content-Length: ") if method == "POST" else ("", "")),
    )
    return "\r\n".join(lines).encode("ascii")
