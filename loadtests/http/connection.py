"""One kept-open connection: sends a request, reads its answer, says how far it got if there is none.

It keeps no timer of its own: whoever runs it throws TimeoutError into it when a request takes too long (one watchdog for
all connections costs nothing, a timer for each request costs more than its parsing).

A request is repeated on a new connection only where nothing was sent: a connection that has been idle is looked at
before it is used again, and one that the peer has closed is replaced.
"""

from __future__ import annotations

import re
import select
import time
from collections.abc import Callable
from typing import Any

import httptools
import msgspec
from gevent import monkey

from loadtests.http.origin import Origin
from loadtests.model.api.answer import Reason

LARGEST_BODY = 1 << 20
"""Bytes; an answer that is larger is not read to its end."""
_CHUNK = 1 << 16
_poll = monkey.get_original("select", "poll")
_FRESH_SECONDS = 0.5
"""A connection used so lately is not looked at before it is used again: that would cost a system call each time."""


_RETRY_AFTER = re.compile(rb"^retry-after:[ \t]*(\d+)[ \t]*\r?$", re.IGNORECASE | re.MULTILINE)


class Exchange(msgspec.Struct, frozen=True, gc=False):
    """What became of one request; times by the connection's clock."""

    sent: float
    """First byte sent; if nothing was, when that was given up."""
    answered: float
    connecting: float
    """Seconds that a new connection took."""
    status: int = 0
    body: bytes = b""
    retry_after: float = 0.0
    failure: Reason = Reason.NONE
    was_sent: bool = True


class Connection:
    """Not to be shared: one request at a time."""

    def __init__(self, origin: Origin, clock: Callable[[], float] = time.monotonic) -> None:
        self._origin = origin
        self._clock = clock
        self._socket: Any = None  # gevent's sockets, plain and TLS, have no common type
        self._used = 0.0
        self._parser: Any = None
        self._body = bytearray()
        self._status = 0
        self._complete = self._surplus = self._kept_open = False
        self.busy_since = 0.0
        """When the request under way was begun; 0 while there is none."""

    def exchange(self, request: bytes) -> Exchange:
        """Send `request`, read the answer."""
        self.busy_since = began = self._clock()
        try:
            connecting = self._ready(began)
        except (OSError, UnicodeError):
            # UnicodeError: a host name that cannot be one.
            self._drop()
            now = self._clock()
            self.busy_since = 0.0
            return Exchange(now, now, now - began, failure=Reason.CONNECT, was_sent=False)
        sent = self._clock() if connecting else began
        self._body.clear()
        self._complete = self._surplus = self._kept_open = False
        answer = bytearray()
        failure = self._send_and_read(request, answer)
        self._used = answered = self._clock()
        self.busy_since = 0.0
        if failure or self._surplus or not self._kept_open:
            self._drop()
        if failure:
            return Exchange(sent, answered, connecting, failure=failure)
        retry_after = 0.0 if self._status < 300 else _retry_after(answer)
        return Exchange(sent, answered, connecting, self._status, bytes(self._body), retry_after)

    def cut(self, request: bytes) -> Exchange:
        """Send the first half of `request`, then break the connection off."""
        began = self._clock()
        try:
            connecting = self._ready(began)
            sent = self._clock()
            self._socket.sendall(request[: len(request) // 2])
        except (OSError, UnicodeError):
            now = self._clock()
            return Exchange(now, now, now - began, failure=Reason.CONNECT, was_sent=False)
        finally:
            self._drop()
        return Exchange(sent, self._clock(), connecting, failure=Reason.CUT)

    def close(self) -> None:
        """Close the connection."""
        self._drop()

    # What httptools' parser calls.

    def on_body(self, body: bytes) -> None:
        """A piece of the answer's body."""
        if not self._complete:
            self._body += body

    def on_message_begin(self) -> None:
        """An answer begins: one more than was asked for is nobody's, and ends the connection."""
        self._surplus = self._complete

    def on_message_complete(self) -> None:
        """The answer is whole; one of 1xx only says that there will be one."""
        if self._complete or self._parser.get_status_code() < 200:
            return
        self._complete = True
        self._status = self._parser.get_status_code()
        # llhttp forgets this as soon as the message is behind it.
        self._kept_open = self._parser.should_keep_alive()

    def _ready(self, now: float) -> float:
        if self._socket is not None and now - self._used > _FRESH_SECONDS and self._has_something_to_say():
            self._drop()
        if self._socket is None:
            self._socket = self._origin.connect()
            self._parser = httptools.HttpResponseParser(self)
            return self._clock() - now
        return 0.0

    def _has_something_to_say(self) -> bool:
        # An idle connection has nothing to be read, unless the peer has closed it (or answers what nobody asked).
        poll = _poll()
        poll.register(self._socket.fileno(), select.POLLIN)
        return bool(poll.poll(0))

    def _send_and_read(self, request: bytes, answer: bytearray) -> Reason:
        try:
            self._socket.sendall(request)
            while not self._complete:
                data = self._socket.recv(_CHUNK)
                if not data:
                    # An answer without a length ends here too, and llhttp does not tell: taken as cut, all the same.
                    return Reason.RESET
                answer += data
                self._parser.feed_data(data)
                if len(self._body) > LARGEST_BODY:
                    return Reason.TOO_LARGE
        except TimeoutError:
            return Reason.TIMEOUT
        except OSError:
            return Reason.RESET
        except (httptools.HttpParserError, httptools.HttpParserUpgrade):
            return Reason.UNREADABLE
        return Reason.NONE

    def _drop(self) -> None:
        if self._socket is not None:
            self._socket.close()
            self._socket = None


def _retry_after(answer: bytearray) -> float:
    """Seconds that the answer's head asks to wait; 0 if it does not. Looked for in refusals only."""
    found = _RETRY_AFTER.search(answer, 0, answer.find(b"\r\n\r\n") + 1)
    return min(float(found[1]), 3600.0) if found else 0.0
