"""One keep-alive connection: sends a request, reads its answer, and reports how far it got if there is none.

It has no timer of its own: the pool throws TimeoutError into its greenlet when a request takes too long. One watchdog for all
connections costs nothing; a timer for each request would cost more than parsing the answer.

A connection that has been idle is checked before it is reused, and replaced if the peer has closed it. If it ends before the
first byte of an answer all the same, it was *stale*: a request that may be repeated is sent again on a new connection (RFC 9110,
section 9.2.2); any other request is never sent twice.
"""

from __future__ import annotations

import select
import ssl
import time
from collections.abc import Callable
from typing import Any

import httptools
import msgspec
from gevent import monkey

from loadtests.http.body import UndecodableError, decoded, ends_with_connection, final_head, is_misread, retry_after
from loadtests.http.failure import connect_failure
from loadtests.http.lenient_reader import LenientReader, RefusedError
from loadtests.http.origin import Origin
from loadtests.http.route import Route
from loadtests.model.api.answer import Reason

LARGEST_BODY = 1 << 20
"""Bytes; larger answers are not read to their end."""
_LARGEST_FRAMING = 8
"""Bytes of an answer for each byte that its body may have: one in a chunk of its own takes six."""
_CHUNK = 1 << 16
_JSON_BEGINS = (b"{", b"[", b"")
_PROXY_REFUSES = 407
"""Only a proxy answers this, which then has forwarded nothing (RFC 9110, section 15.5.8)."""
_poll = monkey.get_original("select", "poll")
_FRESH_SECONDS = 0.5
"""A connection used so recently is reused without a check: the check costs a system call."""

_closing_silently: set[Origin] = set()
"""Origins whose connections were stale: these are checked before each use."""


class Exchange(msgspec.Struct, frozen=True, gc=False):
    """What went over HTTP for one request. Times are in seconds of the connection's clock."""

    sent: float
    """When the first byte was sent; if none was, when the attempt failed."""
    answered: float
    connecting: float
    """Seconds spent opening a new connection; 0 if one was reused."""
    status: int = 0
    body: bytes = b""
    retry_after: float = 0.0
    failure: Reason = Reason.NONE
    was_sent: bool = True
    was_repeated: bool = False
    """Whether it was sent again on a new connection, because the one before was stale."""
    error: str = ""
    """The name of the error for which nothing was sent (`failure.connect_failure`); "" if there is none."""
    head: bytes = b""
    """The answer's headers, if the connection keeps them."""


class Connection:
    """A connection for one request at a time."""

    def __init__(
        self,
        route: Route,
        clock: Callable[[], float] = time.monotonic,
        largest: int = LARGEST_BODY,
        *,
        keeps_head: bool = False,
    ) -> None:
        self._route = route
        self._keeps_head = keeps_head
        self._origin = route.origin
        self._largest = largest
        self._clock = clock
        self._socket: Any = None  # gevent's sockets, plain and TLS, have no common type
        self._used = 0.0
        self._parser: Any = None
        self._body = bytearray()
        self._status = 0
        self._complete = self._surplus = self._kept_open = False
        self._alert = ""
        """The TLS alert that came on this connection instead of an answer."""
        self.busy_since = 0.0
        """When the request in flight began; 0 if there is none."""

    def exchange(self, request: bytes, *, is_repeatable: bool = False) -> Exchange:
        """Sends `request` and reads its answer. `is_repeatable`: it has the same effect once or twice."""
        exchange = self._exchange(request, is_repeatable=is_repeatable)
        if exchange.failure is not Reason.STALE or not is_repeatable:
            return exchange
        again = self._exchange(request, is_repeatable=False)
        return msgspec.structs.replace(again, sent=exchange.sent, was_repeated=True)

    def _exchange(self, request: bytes, *, is_repeatable: bool) -> Exchange:
        self.busy_since = began = self._clock()
        try:
            connecting = self._ready(began, is_checked=not is_repeatable)
        except (OSError, ValueError) as error:
            # ValueError: an invalid host name.
            self._drop()
            self.busy_since = 0.0
            return _not_sent(error, began, self._clock())
        sent = self._clock() if connecting else began
        self._body.clear()
        self._complete = self._surplus = self._kept_open = False
        answer = bytearray()
        failure = self._send_and_read(request, answer)
        self._used = answered = self._clock()
        self.busy_since = 0.0
        if failure or self._surplus or not self._kept_open:
            self._drop()
        if failure is Reason.RESET and not connecting and not answer:
            _closing_silently.add(self._origin)
            failure = Reason.STALE
        if failure is Reason.RESET and connecting and self._alert:
            # In TLS 1.3 a server refuses the client's certificate after the handshake, where the answer would be.
            return Exchange(sent, answered, connecting, failure=Reason.CONNECT, was_sent=False, error=self._alert)
        if failure:
            return Exchange(sent, answered, connecting, failure=failure)
        return self._read_exchange(sent, answered, connecting, answer)

    def _read_exchange(self, sent: float, answered: float, connecting: float, answer: bytearray) -> Exchange:
        """Returns the exchange of a complete answer."""
        body, wait, kept = bytes(self._body), 0.0, b""
        if self._keeps_head:
            kept, _ = final_head(answer)
        # Nearly all answers are plain JSON of success: only others need their headers.
        if not 200 <= self._status < 300 or body[:1] not in _JSON_BEGINS:
            if self._status < 100:
                self._drop()
                return Exchange(sent, answered, connecting, failure=Reason.UNREADABLE)
            if self._status == _PROXY_REFUSES and self._route.is_forwarded:
                error = f"proxy: HTTP {_PROXY_REFUSES}"
                return Exchange(sent, answered, connecting, failure=Reason.CONNECT, was_sent=False, error=error)
            head, _ = final_head(answer)
            wait = retry_after(head) if self._status >= 300 else 0.0
            try:
                body = decoded(body, head, self._largest)
            except UndecodableError:
                return Exchange(sent, answered, connecting, self._status, failure=Reason.UNREADABLE)
        return Exchange(sent, answered, connecting, self._status, body, wait, head=kept)

    def cut(self, request: bytes) -> Exchange:
        """Sends the first half of `request`, then closes the connection."""
        began = self._clock()
        try:
            connecting = self._ready(began, is_checked=True)
            sent = self._clock()
            self._socket.sendall(request[: len(request) // 2])
        except (OSError, ValueError) as error:
            return _not_sent(error, began, self._clock())
        finally:
            self._drop()
        return Exchange(sent, self._clock(), connecting, failure=Reason.CUT)

    def close(self) -> None:
        """Closes the connection."""
        self._drop()

    # Callbacks of httptools' parser.

    def on_body(self, body: bytes) -> None:
        """A piece of the answer's body."""
        if not self._complete:
            self._body += body

    def on_message_begin(self) -> None:
        """An answer begins. A second one was not requested, so the connection is not reused."""
        self._surplus = self._complete

    def on_message_complete(self) -> None:
        """The answer is complete, unless it is an interim answer (1xx)."""
        status = self._parser.get_status_code()
        if self._complete or 100 <= status < 200:
            return
        self._complete = True
        self._status = status
        # llhttp resets this after the message.
        self._kept_open = self._parser.should_keep_alive()

    def _ready(self, now: float, *, is_checked: bool) -> float:
        """Opens a connection if there is none; `is_checked`: also if the one there is has ended, however recently it was used."""
        if self._socket is not None:
            is_doubtful = is_checked or now - self._used > _FRESH_SECONDS or self._origin in _closing_silently
            if is_doubtful and self._is_readable():
                self._drop()
        if self._socket is None:
            self._socket = self._route.connect()
            self._parser = httptools.HttpResponseParser(self)
            self._alert = ""
            return self._clock() - now
        return 0.0

    def _is_readable(self) -> bool:
        # An idle connection is readable only if the peer has closed it or sent data that was not requested.
        poll = _poll()
        poll.register(self._socket.fileno(), select.POLLIN)
        return bool(poll.poll(0))

    def _send_and_read(self, request: bytes, answer: bytearray) -> Reason:
        try:
            self._socket.sendall(request)
            try:
                while True:
                    data = self._socket.recv(_CHUNK)
                    if not data:
                        return self._end_of_connection(answer)
                    answer += data
                    self._parser.feed_data(data)
                    if self._complete:
                        return Reason.NONE
                    if is_misread(answer):
                        return self._read_refused(answer)
                    if len(answer) > self._largest and self._is_too_large(len(answer)):
                        return Reason.TOO_LARGE
            except (httptools.HttpParserError, httptools.HttpParserUpgrade):
                return self._read_refused(answer)
        except TimeoutError:
            return Reason.TIMEOUT
        except ssl.SSLError as error:
            self._alert = error.reason if not answer and "ALERT" in (error.reason or "") else ""
            return Reason.RESET
        except OSError:
            return Reason.RESET

    def _is_too_large(self, size: int) -> bool:
        """Whether an answer of which `size` bytes have come is given up: its body, its head, or what is around its chunks."""
        return len(self._body) > self._largest or not self._body or size > _LARGEST_FRAMING * self._largest

    def _read_refused(self, answer: bytearray) -> Reason:
        """Reads on where the parser refuses what has come: after the answer, or within it."""
        if self._complete:
            self._surplus = True
            return Reason.NONE
        data = b"-"
        try:
            reader = LenientReader(bytes(answer), self._largest)
            while data and not reader.is_complete:
                data = self._socket.recv(_CHUNK)
                reader.feed(data)
                if len(reader.body) > self._largest:
                    return Reason.TOO_LARGE
        except RefusedError:
            return Reason.UNREADABLE if data else Reason.RESET
        self._complete, self._status, self._kept_open = True, reader.status, reader.is_kept_open
        self._body[:], answer[:] = reader.body, reader.head
        self._parser = httptools.HttpResponseParser(self)
        return Reason.NONE

    def _end_of_connection(self, answer: bytearray) -> Reason:
        """The end of a body without a length; llhttp does not report it."""
        head, at = final_head(answer)
        if not ends_with_connection(head):
            return Reason.RESET
        self._complete, self._status = True, self._parser.get_status_code()
        self._body[:] = answer[at:]
        return Reason.NONE

    def _drop(self) -> None:
        if self._socket is not None:
            self._socket.close()
            self._socket = None


def _not_sent(error: Exception, began: float, now: float) -> Exchange:
    reason, name = connect_failure(error)
    return Exchange(now, now, now - began, failure=reason, was_sent=False, error=name)
