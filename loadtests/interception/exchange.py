"""A client's connection joined to one of a server, until one of the two ends."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import h11

from loadtests.interception.client import Client
from loadtests.interception.request_reader import LARGEST_BODY, RefusedError
from loadtests.interception.target import Target
from loadtests.interception.upstream import Stream, copy, send_request

_CHUNK = 1 << 16


class Exchange:
    """Requests are read and checked; answers are passed on byte by byte, broken ones as they are."""

    def __init__(self, client: Client, server: Stream) -> None:
        self._client = client
        self._reader, self._writer = server
        self._is_answered = True
        """Whether bytes have come since the last request: then a client that does not pipeline has its whole answer."""

    async def run_tunnel(self) -> None:
        """Passes on all bytes, in both directions. Raises OSError."""
        await self._run(self._copy_up())

    async def run_one(self, request: h11.Request, target: Target, largest: int | None) -> None:
        """Passes on one request, with a body of at most `largest` bytes (None: any). Raises OSError and RefusedError."""
        await self._run(self._send_last(request, target, largest))

    async def run_all(self, target: Callable[[h11.Request], Target]) -> None:
        """Passes on each request as one for what `target` returns. Raises OSError, and RefusedError, as may `target`."""
        await self._run(self._send_all(target))

    async def _run(self, sending: Coroutine[Any, Any, None]) -> None:
        both = up, down = asyncio.ensure_future(sending), asyncio.ensure_future(self._copy_down())
        try:
            await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
            for ended in (down, up):
                if ended.done():
                    ended.result()
        except RefusedError:
            if not self._is_answered:
                # An error amid an answer would be read as part of it.
                raise ConnectionAbortedError from None
            raise
        finally:
            for each in both:
                each.cancel()
            await asyncio.gather(*both, return_exceptions=True)
            self._writer.close()

    async def _copy_down(self) -> None:
        while data := await self._reader.read(_CHUNK):
            self._is_answered = True
            self._client.writer.write(data)
            await self._client.writer.drain()

    async def _copy_up(self) -> None:
        await copy(self._client.reader, self._writer)
        # The client has ended its half; the server may go on with the other.
        self._writer.write_eof()
        await asyncio.Event().wait()

    async def _send_last(self, request: h11.Request, target: Target, largest: int | None) -> None:
        await send_request(self._writer, request, target, self._client.requests.body(largest), is_last=True)
        await self._client.requests.until_closed()

    async def _send_all(self, target: Callable[[h11.Request], Target]) -> None:
        while (request := await self._client.requests.head()) is not None:
            body, is_last = self._client.requests.body(LARGEST_BODY), request.http_version == b"1.0"
            await send_request(self._writer, request, target(request), body, is_last=is_last)
            self._is_answered = False
