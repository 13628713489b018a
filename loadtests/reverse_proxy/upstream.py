"""The connection to the API that belongs to one client's connection.

There is no pool: a client's connection has its own upstream connection, and one ends with the other. So a client sees what it
would see without the proxy when the API closes a connection, and no request can be mistaken for another client's.
"""

from __future__ import annotations

import asyncio
import ssl
import time
from typing import Protocol, cast

from loadtests.model.api.answer import Reason
from loadtests.reverse_proxy.context import Context
from loadtests.reverse_proxy.exchange import Exchange
from loadtests.reverse_proxy.response import BadResponseError, Response


class Downstream(Protocol):
    """The client's end."""

    def pass_on(self, data: bytes) -> None:
        """Sends bytes to the client."""

    def is_ready(self) -> None:
        """The upstream can be written to."""

    def hold(self, *, upstream_is_full: bool) -> None:
        """The upstream takes no more for now, or again."""

    def has_ended(self, exchange: Exchange, *, is_last: bool) -> None:
        """The answer has passed. `is_last`: no further request can be sent on this connection."""

    def has_failed(self, reason: Reason, status: int, why: str) -> None:
        """There is no whole answer; `status` and `why` are for a client that has seen nothing of it."""


class UpstreamConnection(asyncio.Protocol):
    """One connection to the API."""

    def __init__(self, context: Context, client: Downstream) -> None:
        self._context = context
        self._client = client
        self._transport: asyncio.Transport | None = None
        self._exchange: Exchange | None = None
        self._response: Response | None = None
        self._is_used = False
        """Whether an answer has come on it."""
        self._is_over = False
        self._task: asyncio.Task[None] | None = None
        self._is_paused = False

    # What the client's end does

    def begin(self, exchange: Exchange) -> None:
        """The next answer is for `exchange`."""
        self._exchange = exchange
        self._response = Response(exchange)
        if self._transport is None and self._task is None:
            self._task = self._context.loop.create_task(self._connect())

    @property
    def is_ready(self) -> bool:
        """Whether it can be written to."""
        return self._transport is not None

    def write(self, data: bytes) -> None:
        """Sends bytes of a request."""
        if self._transport is not None and not self._is_over:
            self._transport.write(data)

    def pause(self, *, paused: bool) -> None:
        """The client takes no more of the answer for now, or again."""
        if self._transport is None or self._is_over or paused is self._is_paused:
            return
        self._is_paused = paused
        if paused:
            self._transport.pause_reading()
        else:
            self._transport.resume_reading()

    def close(self) -> None:
        """Ends the connection; what has been written is still sent."""
        self._is_over = True
        self._exchange = self._response = None
        if self._transport is not None:
            self._transport.close()
        elif self._task is not None:
            self._task.cancel()

    async def _connect(self) -> None:
        origin, bounds = self._context.origin, self._context.bounds
        try:
            async with asyncio.timeout(bounds.connect_seconds):
                await self._context.loop.create_connection(
                    lambda: self,
                    origin.host,
                    origin.port,
                    ssl=self._context.tls,
                    server_hostname=origin.host if self._context.tls else None,
                )
        except TimeoutError:
            self._fail(Reason.CONNECT, 504, f"the upstream could not be reached within {bounds.connect_seconds:g} s")
        except ssl.SSLCertVerificationError as error:
            self._fail(Reason.CONNECT, 502, f"the upstream's certificate is not trusted: {error.verify_message}")
        except OSError as error:
            self._fail(Reason.CONNECT, 502, f"the upstream could not be reached: {error.strerror or 'TLS failed'}")

    # asyncio's protocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Sends what has waited."""
        self._transport = cast(asyncio.Transport, transport)
        self._client.is_ready()

    def data_received(self, data: bytes) -> None:
        """Passes a part of the answer on."""
        response = self._response
        if response is None:
            # Bytes that answer nothing, such as a notice before the connection is closed: whatever follows cannot be trusted.
            return self._fail(Reason.CUT, 502, "the upstream sent bytes that answer no request")
        self._is_used = True
        try:
            passed = response.feed(data)
        except BadResponseError as error:
            return self._fail(Reason.UNREADABLE, 502, str(error))
        if passed:
            self._client.pass_on(passed)
        if response.is_complete:
            self._end(response)

    def eof_received(self) -> bool:
        """Closes, after an answer that ends so."""
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        """Ends the client's connection too, as the API would have."""
        if self._is_over:
            return None
        exchange, response = self._exchange, self._response
        if response is not None and response.ends_with_connection and exc is None:
            return self._end(response)
        reason = Reason.STALE if self._is_used else Reason.RESET
        if exchange is not None and exchange.status:
            reason = Reason.CUT
        # On a connection that has been used, the client gets what the API gives: nothing, and may ask again.
        self._fail(reason, 0 if self._is_used else 502, "the upstream closed the connection without an answer")

    def pause_writing(self) -> None:
        """Stops the client."""
        self._client.hold(upstream_is_full=True)

    def resume_writing(self) -> None:
        """Lets the client go on."""
        self._client.hold(upstream_is_full=False)

    def _end(self, response: Response) -> None:
        exchange, self._exchange, self._response = self._exchange, None, None
        if exchange is not None:
            exchange.answered = time.monotonic()
            self._client.has_ended(exchange, is_last=response.is_last)

    def _fail(self, reason: Reason, status: int, why: str) -> None:
        if self._is_over:
            return
        self._is_over = True
        if self._transport is not None:
            self._transport.abort()
        self._client.has_failed(reason, status, why)
