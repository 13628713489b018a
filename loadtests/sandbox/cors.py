"""Lets pages of other origins call the API, as the Fetch standard says (https://fetch.spec.whatwg.org/#http-cors-protocol).

A browser asks with an OPTIONS request (preflight), which carries neither key nor body, before it sends a call with a key. Every
origin is allowed, with credentials too: the sandbox guards nothing.
"""

from __future__ import annotations

Headers = list[tuple[bytes, bytes]]

_METHODS = b"GET, POST, PUT, PATCH, DELETE"
_EXPOSED = b"Retry-After"
_MAX_AGE_SECONDS = b"600"


def answer_headers(asked: Headers) -> Headers:
    """Returns what an answer needs for a page to read it; nothing if the request does not come from a page of another origin."""
    for name, value in asked:
        if name == b"origin":
            return [*_allowed(value), (b"access-control-expose-headers", _EXPOSED)]
    return []


def preflight_headers(asked: Headers) -> Headers:
    """Returns the headers of the answer to a preflight; nothing if no page asks."""
    given = dict(asked)
    origin = given.get(b"origin")
    if origin is None:
        return []
    headers = [
        *_allowed(origin),
        (b"access-control-allow-methods", _METHODS),
        (b"access-control-allow-headers", given.get(b"access-control-request-headers", b"*")),
        (b"access-control-max-age", _MAX_AGE_SECONDS),
    ]
    if b"access-control-request-private-network" in given:
        # Chromium asks so before a page from the network may call this machine.
        headers.append((b"access-control-allow-private-network", b"true"))
    return headers


def _allowed(origin: bytes) -> Headers:
    # Not "*": with credentials a browser takes its own origin only.
    return [
        (b"access-control-allow-origin", origin),
        (b"access-control-allow-credentials", b"true"),
        (b"vary", b"Origin"),
    ]
