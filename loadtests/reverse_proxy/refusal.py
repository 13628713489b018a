"""The proxy's own answers. They say whose they are: a reader must not take them for the API's."""

from __future__ import annotations

import json
from http import HTTPStatus

NAME = "streamsoak record"


def refusal(status: int, reason: str, method: bytes) -> bytes:
    """Returns the response that refuses a request and ends the connection; Proxy-Status is that of RFC 9209."""
    body = json.dumps({"message": f"{NAME}: {reason}"}).encode()
    head = (
        f"HTTP/1.1 {status} {HTTPStatus(status).phrase}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n"
        f"Proxy-Status: streamsoak-record; error={_ERRORS.get(status, 'http_request_error')}\r\nConnection: close\r\n\r\n"
    )
    return head.encode() + (b"" if method == b"HEAD" else body)


_ERRORS = {
    502: "destination_unavailable",
    503: "proxy_internal_response",
    504: "connection_timeout",
}
"""The error types of RFC 9209, by status; all others are requests that are not right."""
