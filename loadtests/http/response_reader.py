"""Reads one response after the other out of the bytes of a connection. It knows no socket."""

from __future__ import annotations

from typing import NamedTuple

import httptools

from loadtests.http.body import ends_with_connection, final_head, is_misread
from loadtests.http.lenient_reader import LenientReader, RefusedError
from loadtests.model.api.answer import Reason

_LONGEST_KNOWN = 1024
"""Bytes of a response that is known again."""
_LARGEST_FRAMING = 8
"""Bytes of an answer for each byte that its body may have: one in a chunk of its own takes six."""


class _Known(NamedTuple):
    """A whole response, and what it says."""

    data: bytes = b""
    status: int = 0
    body: bytes = b""


_last = _Known()
"""The last short response of any connection that left its connection open.

Most are acknowledgements, which are byte for byte the same until the second in the Date header changes. To read one again takes
three quarters of a microsecond, a twentieth of a request's cost.
"""


class ResponseReader:
    """Reads the responses of one connection; a body may have `largest` bytes.

    Feed it until `is_complete`, or until `failure` says why there is no response. Call `begin` before each response, and `renew`
    for each new connection.
    """

    __slots__ = (
        "_largest",
        "_lenient",
        "_parser",
        "body",
        "failure",
        "has_surplus",
        "is_complete",
        "is_kept_open",
        "received",
        "status",
    )

    def __init__(self, largest: int) -> None:
        self._largest = largest
        self.renew()

    def renew(self) -> None:
        """Forgets what an earlier connection has left over."""
        self._parser = httptools.HttpResponseParser(self)
        self._lenient: LenientReader | None = None
        self.failure = Reason.NONE
        self.status = 0
        self.has_surplus = False
        """Whether more followed than the response, which was not requested."""
        self.is_kept_open = False
        """Whether the connection may be used again."""
        self.begin()

    def begin(self) -> None:
        """Begins a response. What only a connection that is not used again can have is not reset."""
        self.is_complete = False
        self.body: bytes | bytearray = b""
        self.received: bytes | bytearray = b""
        """All of it, with any interim responses (1xx)."""

    def feed(self, data: bytes) -> None:
        """Reads on. `data` is not empty."""
        if not self.received:
            self.received = data
            if data == _last.data:
                _, self.status, self.body = _last
                self.is_complete = self.is_kept_open = True
                return None
        elif isinstance(self.received, bytearray):
            self.received += data
        else:
            self.received = bytearray(self.received) + data
        if self._lenient is not None:
            return self._feed_lenient(data)
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade):
            return self._begin_lenient()
        if self.is_complete:
            return self._note(data)
        if is_misread(self.received):
            return self._begin_lenient()
        if len(self.received) > self._largest and self._is_too_large():
            self.failure = Reason.TOO_LARGE
        return None

    def end(self) -> None:
        """The connection has ended. It ends a body without a length; llhttp does not report that."""
        if self._lenient is not None:
            return self._feed_lenient(b"")
        head, at = final_head(self.received)
        if not ends_with_connection(head):
            self.failure = Reason.RESET
            return None
        self.is_complete, self.is_kept_open = True, False
        self.status, self.body = self._parser.get_status_code(), self.received[at:]
        return None

    # Callbacks of httptools' parser.

    def on_body(self, body: bytes) -> None:
        """A piece of the response's body."""
        if self.is_complete:
            return
        if not self.body:
            self.body = body
        elif isinstance(self.body, bytearray):
            self.body += body
        else:
            self.body = bytearray(self.body) + body

    def on_message_begin(self) -> None:
        """A response begins. A second one was not requested, so the connection is not used again."""
        self.has_surplus = self.is_complete

    def on_message_complete(self) -> None:
        """The response is complete, unless it is an interim one (1xx)."""
        status = self._parser.get_status_code()
        if self.is_complete or 100 <= status < 200:
            return
        self.is_complete = True
        self.status = status
        # llhttp resets this after the message.
        self.is_kept_open = self._parser.should_keep_alive()

    def _note(self, data: bytes) -> None:
        """Notes a response that is complete with `data`, if it can be known again."""
        global _last
        if len(data) <= _LONGEST_KNOWN and data is self.received and self.is_kept_open and not self.has_surplus:
            _last = _Known(data, self.status, bytes(self.body))

    def _is_too_large(self) -> bool:
        """Whether a response is given up: its body, its head, or what is around its chunks."""
        return len(self.body) > self._largest or not self.body or len(self.received) > _LARGEST_FRAMING * self._largest

    def _begin_lenient(self) -> None:
        """Reads on where the parser refuses what has come: after the response, or within it."""
        if self.is_complete:
            self.has_surplus = True
            return
        try:
            self._lenient = LenientReader(bytes(self.received), self._largest)
        except RefusedError:
            self.failure = Reason.UNREADABLE
        else:
            self._read_lenient()

    def _feed_lenient(self, data: bytes) -> None:
        assert self._lenient is not None
        try:
            self._lenient.feed(data)
        except RefusedError:
            self.failure = Reason.UNREADABLE if data else Reason.RESET
        else:
            self._read_lenient()

    def _read_lenient(self) -> None:
        reader = self._lenient
        assert reader is not None
        if len(reader.body) > self._largest:
            self.failure = Reason.TOO_LARGE
        elif reader.is_complete:
            self.is_complete, self.status, self.is_kept_open = True, reader.status, reader.is_kept_open
            self.body, self.received = bytes(reader.body), reader.head
            self._parser, self._lenient = httptools.HttpResponseParser(self), None
