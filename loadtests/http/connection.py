"""One keep-alive connection: sends a request, reads its answer, and reports how far it got if there is none.

The event loop calls it back when an answer comes, so that a request in flight has no greenlet. Only opening a connection takes
one: it resolves a name and makes a handshake or two. There is no timer either: the pool calls `time_out` when a request takes too
long. One watchdog for all connections costs nothing; a timer for each request would cost more than parsing the answer.

A connection that has been idle is checked before it is reused, and replaced if the peer has closed it. If it ends before the
first byte of an answer all the same, it was *stale*: a request that may be repeated is sent again on a new connection (RFC 9110,
section 9.2.2); any other request is never sent twice.
"""

from __future__ import annotations

import logging
import select
import ssl
import time
from collections.abc import Callable
from typing import Any

import gevent
import msgspec
from gevent import monkey
from gevent.event import AsyncResult

from loadtests.http.body import UndecodableError, decoded, final_head, retry_after
from loadtests.http.exchange import Exchange
from loadtests.http.origin import Origin
from loadtests.http.response_reader import ResponseReader
from loadtests.http.route import Route
from loadtests.http.stream import Stream
from loadtests.model.api.answer import Reason

LARGEST_BODY = 1 << 20
"""Bytes; larger answers are not read to their end."""
_JSON_BEGINS = (b"{", b"[", b"")
_PROXY_REFUSES = 407
"""Only a proxy answers this, which then has forwarded nothing (RFC 9110, section 15.5.8)."""
_poll = monkey.get_original("select", "poll")
_FRESH_SECONDS = 0.5
"""A connection used so recently is reused without a check: the check costs a system call."""
_NO_FAILURE = Reason.NONE
"""Bound here for speed: see loadtests.engine."""

_closing_silently: set[Origin] = set()
"""Origins whose connections were stale: these are checked before each use."""

Done = Callable[[Exchange], None]

logger = logging.getLogger(__name__)


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
        self._stream: Stream | None = None
        self._reader = ResponseReader(largest)
        self._opening: gevent.Greenlet | None = None
        self._is_opening = False
        """Whether that greenlet runs: one that is killed before it does would report nothing."""
        self._used = 0.0
        self._request = b""
        self._done: Done | None = None
        """None while no request is in flight."""
        self._is_repeatable = self._is_cut = False
        self._began = self._sent = self._connecting = 0.0
        self._sent_first: float | None = None
        """When the request was sent on a connection that was stale."""
        self.busy_since = 0.0
        """When the request in flight began; 0 if there is none."""
        self.on_error: Callable[[], None] = _not_counted
        """Counts an internal error."""

    def exchange(self, request: bytes, *, is_repeatable: bool = False, is_cut: bool = False) -> Exchange:
        """As `start`; blocks the greenlet until the answer has come. A TimeoutError thrown into the greenlet ends the request."""
        result: Any = AsyncResult()
        self.start(request, result.set, is_repeatable=is_repeatable, is_cut=is_cut)
        exchange: Exchange
        try:
            exchange = result.get()
        except TimeoutError:
            self.time_out(self.busy_since)
            exchange = result.get()
        except BaseException:
            self.close()
            raise
        return exchange

    def start(self, request: bytes, done: Done, is_repeatable: bool = False, is_cut: bool = False) -> None:
        """Sends `request`; calls `done` once, in the event loop's greenlet or in one that opens a connection.

        `is_repeatable`: it has the same effect once or twice. `is_cut`: only its first half is sent, then the connection is
        closed.
        """
        self._request, self._done = request, done
        self._is_repeatable, self._is_cut = is_repeatable, is_cut
        self._sent_first = None
        self.busy_since = self._began = began = self._clock()
        is_doubtful = not is_repeatable or began - self._used > _FRESH_SECONDS
        # Hashing the origin costs more than the rest of this.
        if is_doubtful or (_closing_silently and self._origin in _closing_silently):
            self._check()
        if self._stream is None:
            self._opening = gevent.spawn(self._open)
        else:
            self._connecting, self._sent = 0.0, began
            self._send()

    def time_out(self, since: float) -> None:
        """Gives up the request in flight if it has been there `since` then."""
        # The request may have ended since the watchdog's check, and the next one begun.
        if self.busy_since != since or not since:
            return
        if self._opening is None:
            self._finish(Reason.TIMEOUT)
        elif self._is_opening:
            self._opening.kill(TimeoutError(), block=False)

    def close(self) -> None:
        """Closes the connection. A request in flight is forgotten."""
        self._done, self.busy_since = None, 0.0
        if self._opening is not None:
            self._opening.kill(block=False)
            self._opening = None
        self._drop()

    def _check(self) -> None:
        """Drops a connection that the other end has closed meanwhile."""
        if self._stream is not None and _is_readable(self._stream):
            self._discard()

    def _open(self) -> None:
        """Opens a connection and sends the request on it."""
        self._is_opening = True
        try:
            self._stream = stream = self._route.connect()
            self._reader.renew()
            stream.watch(self._on_readable)
        except (OSError, ValueError) as error:
            # ValueError: an invalid host name.
            self._drop()
            self._opening = None
            return self._report(Exchange.not_sent(error, self._began, self._clock()))
        except Exception:  # noqa: BLE001 - it is logged and counted
            self._opening = None
            return self._fail_internally()
        finally:
            self._is_opening = False
        self._opening = None
        self._sent = self._clock()
        self._connecting = self._sent - self._began
        return self._send()

    def _send(self) -> None:
        assert self._stream is not None
        self._reader.begin()
        request = self._request
        try:
            if self._is_cut:
                self._stream.write(request[: len(request) // 2])
                return self._finish_cut()
            return self._stream.write(request)
        except OSError as error:
            if self._is_cut:
                self._drop()
                return self._report(Exchange.not_sent(error, self._began, self._clock()))
            return self._finish(Reason.RESET)

    def _finish_cut(self) -> None:
        self._drop()
        self._report(Exchange(self._sent, self._clock(), self._connecting, failure=Reason.CUT))

    def _on_readable(self) -> None:
        if self._done is None:
            return self._discard()
        stream, reader = self._stream, self._reader
        assert stream is not None
        try:
            data = stream.read()
            if data:
                reader.feed(data)
            if not reader.is_complete and not reader.failure:
                if not stream.has_ended:
                    return None
                reader.end()
            self._finish(reader.failure)
        except BlockingIOError:
            return None
        except ssl.SSLError as error:
            is_alert = not reader.received and "ALERT" in (error.reason or "")
            self._finish(Reason.RESET, error.reason if is_alert else "")
        except OSError:
            self._finish(Reason.RESET)
        except Exception:  # noqa: BLE001 - it is logged and counted
            self._fail_internally()
        return None

    def _discard(self) -> None:
        """Drops an idle connection that the peer has closed, or on which it sent what was not requested. TLS sends its own."""
        assert self._stream is not None
        try:
            self._stream.read()
        except BlockingIOError:
            return
        except OSError:
            pass
        self._drop()

    def _finish(self, failure: Reason = _NO_FAILURE, alert: str = "") -> None:
        """Ends the request in flight. `alert`: the TLS alert that came instead of an answer."""
        stream, reader = self._stream, self._reader
        self._used = answered = self._clock()
        if failure or reader.has_surplus or not reader.is_kept_open or (stream is not None and stream.has_unsent):
            self._drop()
        if failure:
            self._fail(failure, alert, answered)
        elif 200 <= reader.status < 300 and reader.body[:1] in _JSON_BEGINS and not self._keeps_head:
            # Nearly all answers are plain JSON of success: only others need their headers.
            self._report(Exchange(self._sent, answered, self._connecting, reader.status, bytes(reader.body)))
        else:
            self._report(self._read_exchange(answered))

    def _fail(self, failure: Reason, alert: str, answered: float) -> None:
        sent, connecting = self._sent, self._connecting
        if failure is Reason.RESET and not connecting and not self._reader.received:
            _closing_silently.add(self._origin)
            if self._is_repeatable:
                return self._send_again(sent)
            failure = Reason.STALE
        if failure is Reason.RESET and connecting and alert:
            # In TLS 1.3 a server refuses the client's certificate after the handshake, where the answer would be.
            refused = Exchange(sent, answered, connecting, failure=Reason.CONNECT, was_sent=False, error=alert)
            return self._report(refused)
        return self._report(Exchange(sent, answered, connecting, failure=failure))

    def _send_again(self, sent: float) -> None:
        self._sent_first = sent
        self.busy_since = self._began = self._clock()
        self._opening = gevent.spawn(self._open)

    def _read_exchange(self, answered: float) -> Exchange:
        """Returns the exchange of a complete answer that is more than plain JSON of success."""
        sent, connecting, status, reader = self._sent, self._connecting, self._reader.status, self._reader
        if status < 100:
            self._drop()
            return Exchange(sent, answered, connecting, failure=Reason.UNREADABLE)
        if status == _PROXY_REFUSES and self._route.is_forwarded:
            error = f"proxy: HTTP {_PROXY_REFUSES}"
            return Exchange(sent, answered, connecting, failure=Reason.CONNECT, was_sent=False, error=error)
        head, _ = final_head(reader.received)
        wait = retry_after(head) if status >= 300 else 0.0
        try:
            body = decoded(bytes(reader.body), head, self._largest)
        except UndecodableError:
            return Exchange(sent, answered, connecting, status, failure=Reason.UNREADABLE)
        kept = head if self._keeps_head else b""
        return Exchange(sent, answered, connecting, status, body, wait, head=kept)

    def _report(self, exchange: Exchange) -> None:
        done, self._done = self._done, None
        self.busy_since = 0.0
        if self._sent_first is not None:
            exchange = msgspec.structs.replace(exchange, sent=self._sent_first, was_repeated=True)
        if done is not None:
            done(exchange)

    def _fail_internally(self) -> None:
        self.on_error()
        logger.exception("Internal error during a request")
        self._drop()
        now = self._clock()
        # How far the request got is not known.
        self._report(Exchange(now, now, 0.0, failure=Reason.RESET))

    def _drop(self) -> None:
        if self._stream is not None:
            self._stream.close()
            self._stream = None


def _is_readable(stream: Stream) -> bool:
    # An idle connection is readable if the peer has closed it, has sent data that was not requested, or for messages of TLS.
    poll = _poll()
    poll.register(stream.fileno(), select.POLLIN)
    return bool(poll.poll(0))


def _not_counted() -> None:
    """For connections outside of a run."""
