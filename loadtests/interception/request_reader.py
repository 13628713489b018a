"""Reads a client's requests within bounds of size and time. What can be read in two ways is refused (RFC 9112, section 6.3)."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator

import h11

LARGEST_HEAD = 1 << 16
LARGEST_BODY = 2 << 20
"""Twice what the sandbox reads."""
REQUEST_SECONDS = 30.0
"""For a whole request, from its first byte."""
IDLE_SECONDS = 600.0
"""Between two requests: as long as the sandbox keeps a connection."""
_HEAD_CHUNK = 1 << 12
"""h11 measures a head only while it is incomplete: it can be longer than its bound by what is read at once."""
_CHUNK = 1 << 16
_QUOTED = re.compile(r":? (?:bytearray\()?b['\"]")
"""Where h11 begins to quote what a client has sent, which may have a key in it."""


class RefusedError(Exception):
    """A request that is refused."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status
        """The HTTP status that says so."""
        self.reason = reason


class RequestReader:
    """The requests on one connection, one after the other."""

    def __init__(self, stream: asyncio.StreamReader, request_seconds: float = REQUEST_SECONDS) -> None:
        self._stream = stream
        self._seconds = request_seconds
        self._deadline = 0.0
        self._parser = _parser()
        self._is_ended = False

    async def head(self) -> h11.Request | None:
        """Waits for the next request; None: the client has closed the connection, or is idle for too long.

        Read the body before the next head. Raises RefusedError and ConnectionError.
        """
        rest, self._is_ended = self._parser.trailing_data
        self._parser = _parser()
        self._parser.receive_data(rest) if rest else None
        if not rest and not await self._await_first_byte():
            return None
        self._deadline = asyncio.get_running_loop().time() + self._seconds
        event = await self._event(_HEAD_CHUNK)
        if isinstance(event, h11.ConnectionClosed):
            return None
        assert isinstance(event, h11.Request)
        if event.http_version not in (b"1.0", b"1.1"):
            raise RefusedError(505, "only HTTP/1.1 is supported")
        names = {name for name, _ in event.headers}
        if {b"content-length", b"transfer-encoding"} <= names:
            raise RefusedError(400, "both Content-Length and Transfer-Encoding")
        return event

    async def body(self, largest: int | None) -> AsyncIterator[h11.Data | h11.EndOfMessage]:
        """Yields the parts of the request's body and its end; `largest`: in bytes, None: any, without a time-out.

        Raises RefusedError and ConnectionError.
        """
        length = 0
        self._deadline = self._deadline if largest is not None else float("inf")
        while True:
            event = await self._event(_CHUNK)
            if isinstance(event, h11.ConnectionClosed):
                raise RefusedError(400, "the body is cut off")
            assert isinstance(event, h11.Data | h11.EndOfMessage)
            if isinstance(event, h11.Data):
                length += len(event.data)
                if largest is not None and length > largest:
                    raise RefusedError(413, f"a body of more than {largest >> 20} MB")
            yield event
            if isinstance(event, h11.EndOfMessage):
                return

    async def read_nothing_more(self, request: h11.Request) -> None:
        """Raises RefusedError if the request has a body, or if more than the request has come."""
        parts = [part async for part in self.body(0)]
        if len(parts) > 1 or self._parser.trailing_data[0]:
            raise RefusedError(400, f"{request.method.decode()} with data before its answer")

    async def until_closed(self) -> None:
        """Waits until the client closes the connection; ignores what it sends."""
        while await self._stream.read(_CHUNK):
            pass

    async def _await_first_byte(self) -> bool:
        try:
            async with asyncio.timeout(IDLE_SECONDS):
                data = await self._stream.read(_HEAD_CHUNK)
        except TimeoutError:
            return False
        self._parser.receive_data(data) if data else None
        return bool(data)

    async def _event(self, chunk: int) -> h11.Event:
        try:
            async with asyncio.timeout_at(self._deadline if self._deadline < float("inf") else None):
                while (event := self._parser.next_event()) is h11.NEED_DATA:
                    self._parser.receive_data(await self._stream.read(chunk))
        except TimeoutError:
            raise RefusedError(408, f"not complete within {self._seconds:.0f} s") from None
        except h11.RemoteProtocolError as error:
            raise RefusedError(error.error_status_hint, _QUOTED.split(str(error))[0]) from None
        assert isinstance(event, h11.Event)
        return event


def _parser() -> h11.Connection:
    return h11.Connection(h11.SERVER, max_incomplete_event_size=LARGEST_HEAD)
