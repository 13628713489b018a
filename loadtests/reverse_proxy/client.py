"""A client's connection: reads requests, passes them on one after the other, and refuses what must not be passed on."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from typing import Any, cast

from httptools import HttpParserError, HttpParserUpgrade, HttpRequestParser

from loadtests.http.fields import named
from loadtests.model.api.answer import Reason
from loadtests.reverse_proxy.context import Context
from loadtests.reverse_proxy.exchange import Exchange
from loadtests.reverse_proxy.headers import (
    BadRequestError,
    check_head,
    chunk,
    last_chunk,
    path_of,
    request_head,
    without_offer,
)
from loadtests.reverse_proxy.refusal import refusal
from loadtests.reverse_proxy.upstream import UpstreamConnection

_QUEUE, _UPSTREAM, _CONNECTING = 1, 2, 4
"""Why no more is read from a client: another request waits for its turn, the upstream takes no more, it is being connected to."""


class ClientConnection(asyncio.Protocol):
    """One client's connection."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._bounds = context.bounds
        self._transport: asyncio.Transport | None = None
        self._parser: Any = HttpRequestParser(self)
        self._reading: Exchange | None = None
        """The request that is being read."""
        self._queue: deque[Exchange] = deque()
        """Requests whose head has been read, in their order; the first is the one that is being answered."""
        self._upstream: UpstreamConnection | None = None
        self._holds = 0
        self._unread = 0
        """Bytes since the last part of a request that was complete: a head, or a piece of a body."""
        self._is_over = False
        """Whether nothing more is read."""
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
            self._is_over = True
            self._transport.write(refusal(503, f"there are more than {self._bounds.connections:,} connections", b""))
            self._transport.close()

    def data_received(self, data: bytes) -> None:
        """Reads a part of a request."""
        if self._is_over:
            return None
        self._unread += len(data)
        try:
            self._parser.feed_data(data)
        except HttpParserUpgrade as upgrade:
            return self._pass_over(data[int(upgrade.args[0]) :])
        except HttpParserError as error:
            cause = error.__context__
            if isinstance(cause, BadRequestError):
                self._refuse(cause.status, cause.reason)
            elif not self._is_over:
                # What follows a client's last request is not looked at.
                self._refuse(400, f"the request is not HTTP/1.1: {error}")
        if self._unread > self._bounds.head:
            # One line may be read for long before a callback tells of it: of the head, of a chunk or of the trailers.
            self._refuse(431, f"a line, or the head, is larger than {self._bounds.head:,} bytes")
        self._advance()

    def eof_received(self) -> bool:
        """Keeps the connection for the answers that are due; a client may have closed only its own end."""
        self._has_left = self._is_over = True
        waits = any(exchange.is_complete or exchange.refusal for exchange in self._queue)
        if not waits:
            self._drop_upstream()
        return waits

    def connection_lost(self, exc: Exception | None) -> None:
        """Ends the upstream's connection, at once or when a recorded call has been answered."""
        self._has_left = self._is_over = True
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

    # httptools' callbacks

    def on_message_begin(self) -> None:
        """Begins a request."""
        self._reading = Exchange(time.monotonic())
        if not self._queue:
            self._allow(self._bounds.head_seconds)

    def on_url(self, target: bytes) -> None:
        """Takes a piece of the target."""
        if self._reading is not None:
            self._reading.target += target
            self._count(self._reading, len(target))

    def on_header(self, name: bytes, value: bytes) -> None:
        """Takes a header, or a trailer."""
        exchange = self._reading
        if exchange is not None:
            (exchange.trailers if exchange.head else exchange.headers).append((name, value))
            self._count(exchange, len(name) + len(value) + 4)

    def on_headers_complete(self) -> None:
        """Puts the request into the queue."""
        exchange = self._reading
        if exchange is None:
            return
        context, parser = self._context, self._parser
        exchange.method = parser.get_method()
        version = parser.get_http_version()
        if parser.should_upgrade():
            check_head(exchange.method, version, exchange.headers)
            return
        head, exchange.chunked = request_head(
            exchange.method, exchange.target, version, exchange.headers, context.authority, context.prefix
        )
        exchange.head, exchange.size, self._unread = True, 0, 0
        if int(next(iter(named(exchange.headers, b"content-length")), b"0")) > self._bounds.body:
            raise BadRequestError(413, f"the body is larger than {self._bounds.body:,} bytes")
        exchange.is_old = version == "1.0"
        exchange.is_last = exchange.is_old or not parser.should_keep_alive()
        exchange.outgoing.append(head)
        path, exchange.query = path_of(exchange.target)
        exchange.call = context.routes.find(exchange.method.decode("ascii"), path.decode("ascii", "replace"), path)
        self._queue.append(exchange)

    def on_body(self, data: bytes) -> None:
        """Takes a piece of the body."""
        exchange = self._reading
        if exchange is None:
            return
        self._unread = 0
        exchange.passed += len(data)
        if exchange.passed > self._bounds.body:
            raise BadRequestError(413, f"the body is larger than {self._bounds.body:,} bytes")
        exchange.outgoing.append(chunk(data) if exchange.chunked else data)
        if exchange.call is not None:
            exchange.asked.add(data)

    def on_message_complete(self) -> None:
        """Ends the request."""
        exchange = self._reading
        if exchange is None or not exchange.head:
            return
        self._reading = None
        if exchange.chunked:
            exchange.outgoing.append(last_chunk(exchange.trailers))
        self._unread = 0
        exchange.is_complete = True
        self._is_over = self._is_over or exchange.is_last

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
        self._allow(self._bounds.idle_seconds if self._reading is None else self._bounds.head_seconds)
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
            self._is_over = True
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
        if self._transport is None or (self._is_over and exchange is None):
            if exchange is not None:
                self._note(exchange, Reason.TIMEOUT)
            return self.cut()
        if exchange is None and self._reading is None and not self._unread:
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

    def _pass_over(self, rest: bytes) -> None:
        """Reads a request again without its offer of another protocol: the parser stops behind the head of such a request."""
        exchange, self._reading = self._reading, None
        self._parser = HttpRequestParser(self)
        if exchange is not None:
            self.data_received(without_offer(exchange.method, exchange.target, exchange.headers) + rest)

    def _allow(self, seconds: float) -> None:
        self.deadline = time.monotonic() + seconds

    def _count(self, exchange: Exchange, size: int) -> None:
        exchange.size += size
        if exchange.size > self._bounds.head:
            raise BadRequestError(431, f"the head is larger than {self._bounds.head:,} bytes")

    def _refuse(self, status: int, reason: str) -> None:
        """Refuses the request that is being read, after those before it have been answered."""
        exchange = self._reading or (self._queue[-1] if self._queue and not self._queue[-1].is_complete else None)
        if exchange is None:
            exchange = Exchange(time.monotonic())
        if exchange not in self._queue:
            self._queue.append(exchange)
        exchange.refusal = (status, reason)
        self._reading, self._is_over = None, True

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
        self._is_over = True
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
