"""A client's connection: passes requests on one after the other, and refuses what must not be passed on."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from typing import cast

from loadtests.model.api.answer import Reason
from loadtests.reverse_proxy.context import Context
from loadtests.reverse_proxy.exchange import Exchange
from loadtests.reverse_proxy.headers import BadRequestError
from loadtests.reverse_proxy.refusal import refusal
from loadtests.reverse_proxy.request_reader import RequestReader
from loadtests.reverse_proxy.upstream import UpstreamConnection

_QUEUE, _UPSTREAM, _CONNECTING = 1, 2, 4
"""Why no more is read from a client: another request waits for its turn, the upstream takes no more, it is being connected to."""


class ClientConnection(asyncio.Protocol):
    """One client's connection."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._bounds = context.bounds
        self._transport: asyncio.Transport | None = None
        self._queue: deque[Exchange] = deque()
        """Requests whose head has been read, in their order; the first is the one that is being answered."""
        self._reader = RequestReader(context, self._begin, self._queue.append)
        self._upstream: UpstreamConnection | None = None
        self._holds = 0
        self._has_left = False
        """Whether the client has closed its end."""
        self.deadline = 0.0

    # asyncio's protocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Waits for a request, unless there are too many clients."""
        self._transport = cast(asyncio.Transport, transport)
        self._context.connections.add(self)
        self._allow(self._bounds.head_seconds)
        if len(self._context.connections) > self._bounds.connections:
            self._reader.is_over = True
            self._transport.write(refusal(503, f"there are more than {self._bounds.connections:,} connections", b""))
            self._transport.close()

    def data_received(self, data: bytes) -> None:
        """Reads a part of a request."""
        if self._reader.is_over:
            return
        try:
            self._reader.feed(data)
        except BadRequestError as error:
            self._refuse(error.status, error.reason)
        self._advance()

    def eof_received(self) -> bool:
        """Keeps the connection for the answers that are due; a client may have closed only its own end."""
        self._has_left = self._reader.is_over = True
        waits = any(exchange.is_complete or exchange.refusal for exchange in self._queue)
        if not waits:
            self._drop_upstream()
        return waits

    def connection_lost(self, exc: Exception | None) -> None:
        """Ends the upstream's connection, at once or when a recorded call has been answered."""
        self._has_left = self._reader.is_over = True
        self._transport = None
        current = self._queue[0] if self._queue else None
        if current is not None and current.is_started and current.is_complete and current.call and not current.status:
            self._allow(self._bounds.orphan_seconds)
            return
        if current is not None and current.is_started:
            self._note(current, Reason.RESET)
        self._forget()

    def pause_writing(self) -> None:
        """The client reads slowly: so does the proxy."""
        if self._upstream is not None:
            self._upstream.pause(paused=True)

    def resume_writing(self) -> None:
        """The client has read."""
        if self._upstream is not None:
            self._upstream.pause(paused=False)

    # What the upstream's end does

    def pass_on(self, data: bytes) -> None:
        """Sends bytes of the answer."""
        if self._transport is not None:
            self._transport.write(data)
            self._allow(self._bounds.answer_seconds)

    def is_ready(self) -> None:
        """Sends what has waited for the upstream."""
        self._hold(_CONNECTING, on=False)
        self._flush()

    def hold(self, *, upstream_is_full: bool) -> None:
        """Stops reading while the upstream takes no more."""
        self._hold(_UPSTREAM, on=upstream_is_full)

    def has_ended(self, exchange: Exchange, *, is_last: bool) -> None:
        """Goes on with the next request, or ends the connection."""
        exchange.was_delivered = not self._has_left
        self._context.observe(exchange)
        if self._transport is None:
            return self._forget()
        self._queue.popleft()
        if is_last:
            return self._finish()
        if self._queue:
            return self._advance()
        if self._has_left:
            return self._finish()
        self._allow(self._bounds.idle_seconds if self._reader.exchange is None else self._bounds.head_seconds)
        self._hold(_QUEUE, on=False)

    def has_failed(self, reason: Reason, status: int, why: str) -> None:
        """Tells the client, if it has seen nothing of an answer; else cuts the connection, as the upstream did."""
        exchange = self._queue[0] if self._queue else None
        self._upstream = None
        if exchange is not None:
            self._note(exchange, reason)
        if self._transport is None:
            return self._forget()
        if exchange is None or not status or exchange.status:
            self._reader.is_over = True
            self._queue.clear()
            if exchange is not None and exchange.status:
                return self._transport.abort()
            return self._transport.close()
        self._send_refusal(exchange, status, why)

    @property
    def is_busy(self) -> bool:
        """Whether a request is under way."""
        return bool(self._queue)

    def expire(self) -> None:
        """Ends what has taken too long."""
        exchange = self._queue[0] if self._queue else None
        if self._transport is None or (self._reader.is_over and exchange is None):
            if exchange is not None:
                self._note(exchange, Reason.TIMEOUT)
            return self.cut()
        if exchange is None and self._reader.is_idle:
            # An idle connection, on which nothing is owed.
            return self._finish()
        if exchange is None:
            self._refuse(408, "the request's head did not come in time")
        elif exchange.status:
            self._note(exchange, Reason.CUT)
            return self.cut()
        elif not exchange.is_complete and not self._holds:
            self._refuse(408, "the request's body did not come in time")
        else:
            self._note(exchange, Reason.TIMEOUT)
            self._drop_upstream()
            return self._send_refusal(exchange, 504, "the upstream did not answer in time")
        self._advance()

    # Parts

    def _begin(self) -> None:
        """A request begins."""
        if not self._queue:
            self._allow(self._bounds.head_seconds)

    def _allow(self, seconds: float) -> None:
        self.deadline = time.monotonic() + seconds

    def _refuse(self, status: int, reason: str) -> None:
        """Refuses the request that is being read, after those before it have been answered."""
        exchange = self._reader.exchange or (
            self._queue[-1] if self._queue and not self._queue[-1].is_complete else None
        )
        if exchange is None:
            exchange = Exchange(time.monotonic())
        if exchange not in self._queue:
            self._queue.append(exchange)
        exchange.refusal = (status, reason)
        self._reader.end()

    def _advance(self) -> None:
        """Begins the first request of the queue, and sends what has come of it."""
        if not self._queue or self._transport is None:
            return None
        exchange = self._queue[0]
        if exchange.refusal is not None:
            self._drop_upstream()
            if exchange.status:
                return self.cut()
            return self._send_refusal(exchange, *exchange.refusal)
        if not exchange.is_started:
            exchange.is_started = True
            if self._upstream is None:
                self._upstream = UpstreamConnection(self._context, self)
            self._upstream.begin(exchange)
        self._allow(self._bounds.answer_seconds if exchange.is_complete else self._bounds.body_seconds)
        self._hold(_QUEUE, on=len(self._queue) > 1)
        self._flush()

    def _flush(self) -> None:
        exchange = self._queue[0] if self._queue else None
        if exchange is None or self._upstream is None or not exchange.outgoing:
            return
        if self._upstream.is_ready:
            self._upstream.write(b"".join(exchange.outgoing))
            exchange.outgoing.clear()
        else:
            self._hold(_CONNECTING, on=True)

    def _hold(self, why: int, *, on: bool) -> None:
        before = self._holds
        self._holds = before | why if on else before & ~why
        if self._transport is None or self._transport.is_closing() or bool(before) is bool(self._holds):
            return
        if self._holds:
            self._transport.pause_reading()
        else:
            self._transport.resume_reading()

    def _note(self, exchange: Exchange, reason: Reason) -> None:
        """Tells the log of an exchange without a whole answer."""
        exchange.answered = time.monotonic()
        exchange.failure = reason
        if exchange.is_started:
            self._context.observe(exchange)

    def _send_refusal(self, exchange: Exchange, status: int, reason: str) -> None:
        if self._transport is not None:
            self._transport.write(refusal(status, reason, exchange.method))
        self._finish()

    def _finish(self) -> None:
        """Ends the connection; the client can still read what has been sent."""
        self._reader.is_over = True
        self._drop_upstream()
        self._queue.clear()
        if self._transport is None or self._transport.is_closing():
            return None
        if self._has_left:
            return self._transport.close()
        # Closed with bytes unread, the system would discard what the client has not read yet.
        if self._transport.can_write_eof():
            self._transport.write_eof()
        self._hold(self._holds, on=False)
        self._allow(self._bounds.linger_seconds)

    def cut(self) -> None:
        """Ends the connection at once."""
        transport = self._transport
        self._forget()
        if transport is not None:
            transport.abort()

    def _drop_upstream(self) -> None:
        if self._upstream is not None:
            self._upstream.close()
            self._upstream = None

    def _forget(self) -> None:
        self._drop_upstream()
        self._queue.clear()
        self._context.connections.discard(self)
