"""Reads an answer that the connection's fast and strict parser refuses, although the standard lets a client read it.

Such are folded header lines, a Content-Length that is repeated, lines that end without CR (RFC 9112, sections 2.2 and 5.2; RFC
9110, section 8.6). h11 reads them, at thirty times the cost.
"""

from __future__ import annotations

import re

import h11

_BEGINS = re.compile(rb"HTTP/1\.\d \d\d\d(?!\d)")
_REQUEST = h11.Request(method="POST", target="/", headers=[("Host", "-"), ("Content-Length", "0")])


class RefusedError(ValueError):
    """Not an answer in HTTP/1.1, or one that contradicts itself."""


class LenientReader:
    """Reads one answer, which begins with `data`. Raises RefusedError, as does `feed`."""

    def __init__(self, data: bytes, largest: int) -> None:
        data = data.lstrip(b"\r\n")
        if not _BEGINS.match(data):
            raise RefusedError("no status line")
        self._connection = h11.Connection(h11.CLIENT, max_incomplete_event_size=largest)
        self._connection.send(_REQUEST)
        self._connection.send(h11.EndOfMessage())
        self.is_complete = False
        self.status = 0
        self.head = b""
        """The final head, each header on one line."""
        self.body = bytearray()
        self.feed(data)

    @property
    def is_kept_open(self) -> bool:
        """Whether the connection may be used again. What has two kinds of length is not trusted (RFC 9112, section 6.3)."""
        ambiguous = b"\ncontent-length:" in self.head and b"\ntransfer-encoding:" in self.head
        return self._connection.their_state is h11.DONE and not any(self._connection.trailing_data) and not ambiguous

    def feed(self, data: bytes) -> None:
        """Reads more; b"": the connection has ended."""
        try:
            self._connection.receive_data(data)
            while not self.is_complete and (event := self._connection.next_event()) is not h11.NEED_DATA:
                self._take(event)
        except h11.RemoteProtocolError as error:
            raise RefusedError(str(error)) from None

    def _take(self, event: object) -> None:
        if isinstance(event, h11.Response):
            self.status = event.status_code
            lines = [b"HTTP/1.1 %d" % event.status_code, *(b"%b: %b" % header for header in event.headers)]
            self.head = b"\r\n".join([*lines, b"", b""])
        elif isinstance(event, h11.Data):
            self.body += event.data
        elif isinstance(event, h11.EndOfMessage):
            self.is_complete = True
        elif isinstance(event, h11.ConnectionClosed) or event is h11.PAUSED:
            raise RefusedError("no answer")
