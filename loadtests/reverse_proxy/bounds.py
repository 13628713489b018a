"""What one client may take of the proxy: sizes in bytes, times in seconds."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Bounds:
    """The proxy's bounds. A response has no largest size: it is passed on as it comes."""

    head: int = 64 << 10
    """Of a request line with all headers, and of all trailers."""
    body: int = 64 << 20
    """Of a request's body."""
    connections: int = 10_000
    """Clients at a time."""
    head_seconds: float = 5.0
    """From the first byte of a request, or from the connection, to the end of the head."""
    body_seconds: float = 30.0
    """Between two pieces of a request's body."""
    connect_seconds: float = 10.0
    """To connect to the upstream, with TLS."""
    answer_seconds: float = 300.0
    """For the first byte of the answer, and between two pieces of it."""
    idle_seconds: float = 600.0
    """Between two requests on a connection."""
    orphan_seconds: float = 30.0
    """For the answer to a recorded call whose client is gone."""
    linger_seconds: float = 5.0
    """For a client to read a refusal, before the connection is cut."""


KEPT_BODY = 64 << 10
"""The largest body that is read for the log, of requests and of answers."""
