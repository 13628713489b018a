"""Reads one answer of the upstream, and turns it into what its client gets."""

from __future__ import annotations

from typing import Any

from httptools import HttpParserError, HttpParserUpgrade, HttpResponseParser

from loadtests.http.fields import Header, named
from loadtests.reverse_proxy.exchange import Exchange
from loadtests.reverse_proxy.headers import chunk, last_chunk, response_head

_NO_BODY = frozenset({204, 304})
_SWITCHING = 101


class BadResponseError(Exception):
    """An answer that cannot be passed on; its text is for the client."""


class Response:
    """The answer to one exchange, interim answers included."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange
        self._parser: Any = HttpResponseParser(self)
        self._reason = b""
        self._headers: list[Header] = []
        self._trailers: list[Header] = []
        self._out: list[bytes] = []
        self._has_head = False
        self._is_framed = False
        """Whether the client gets the body in chunks."""
        self.ends_with_connection = False
        self.is_complete = False
        self.is_last = False
        """Whether nothing can follow on the connection."""

    def feed(self, data: bytes) -> bytes:
        """Returns what the client gets for the next bytes of the answer. Raises BadResponseError."""
        try:
            self._parser.feed_data(data)
        except HttpParserUpgrade:
            raise BadResponseError("the upstream switched protocols unasked") from None
        except HttpParserError as error:
            if isinstance(error.__context__, BadResponseError):
                raise error.__context__ from None
            if not self.is_complete:
                raise BadResponseError(f"the upstream's answer is not HTTP/1.1: {error}") from None
            self.is_last = True
        passed = b"".join(self._out)
        self._out.clear()
        return passed

    # httptools' callbacks

    def on_message_begin(self) -> None:
        """Takes note of an answer that nothing was asked for: what follows on this connection cannot be trusted."""
        self.is_last = self.is_last or self.is_complete

    def on_status(self, reason: bytes) -> None:
        """Takes a piece of the reason phrase."""
        self._reason += reason

    def on_header(self, name: bytes, value: bytes) -> None:
        """Takes a header, or a trailer."""
        (self._trailers if self._has_head else self._headers).append((name, value))

    def on_headers_complete(self) -> None:
        """Passes the head on."""
        if self.is_complete:
            return
        status = self._parser.get_status_code()
        if 100 <= status < 200:
            if status != _SWITCHING:
                self._out.append(response_head(status, self._reason, self._headers, chunked=False, last=False))
            return
        self._begin(status)

    def on_body(self, data: bytes) -> None:
        """Passes a piece of the body on."""
        if self.is_complete:
            return
        self._out.append(chunk(data) if self._is_framed else data)
        if self._exchange.call is not None:
            self._exchange.answer.add(data)

    def on_message_complete(self) -> None:
        """Ends the answer, or an interim one."""
        if self.is_complete:
            return
        if not self._has_head:
            self._headers, self._reason = [], b""
            return
        if self._is_framed:
            self._out.append(last_chunk(self._trailers))
        self.is_complete = True

    def _begin(self, status: int) -> None:
        exchange, headers = self._exchange, self._headers
        is_head = exchange.method == b"HEAD"
        has_body = not is_head and status not in _NO_BODY
        codings = named(headers, b"transfer-encoding")
        is_chunked = has_body and bool(codings)
        if is_chunked and (len(codings) > 1 or codings[0].strip(b" ").lower() != b"chunked"):
            # The parser would take some of these for bodies that end with the connection.
            raise BadResponseError("the upstream's answer has a transfer coding other than chunked")
        self._has_head = True
        self.ends_with_connection = has_body and not is_chunked and not named(headers, b"content-length")
        # A request that is not complete when it is answered leaves no way to the next.
        keeps = self._parser.should_keep_alive() and not self.ends_with_connection
        self.is_last = not keeps or exchange.is_last or not exchange.is_complete
        # A client of HTTP/1.0 cannot read chunks: its body ends with the connection.
        self._is_framed = is_chunked and not exchange.is_old
        exchange.status, exchange.response_headers = status, headers
        self._out.append(response_head(status, self._reason, headers, chunked=self._is_framed, last=self.is_last))
        # The parser would wait for the body that the head speaks of.
        self.is_complete = is_head
