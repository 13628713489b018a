"""One connection of an audited program to the proxy."""

from __future__ import annotations

import asyncio
import contextlib
import ssl

from loadtests.interception.request_reader import RequestReader

HANDSHAKE_SECONDS = 10.0
_LINGER_SECONDS = 2.0
_PHRASES = {400: "Bad Request", 403: "Forbidden", 408: "Request Timeout", 413: "Content Too Large"}


class Client:
    """A connection and the requests on it."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer
        self.requests = RequestReader(reader)
        self.scheme = "http"
        """Of requests that have only a path."""

    async def open_tunnel(self, context: ssl.SSLContext | None) -> None:
        """Answers CONNECT, and speaks TLS from then on if there is a `context`. Raises OSError."""
        # Nothing is awaited before TLS begins, so nothing that the client sends then is read without it.
        self.writer.write(b"HTTP/1.1 200 Connection Established\r\n\r\n")
        if context:
            await self.secure(context)
        await self.writer.drain()

    async def secure(self, context: ssl.SSLContext) -> None:
        """Speaks TLS from now on. Raises OSError."""
        await self.writer.start_tls(context, ssl_handshake_timeout=HANDSHAKE_SECONDS)
        self.scheme = "https"

    async def refuse(self, status: int, text: str) -> None:
        """Answers with an error; the connection is closed after it."""
        body = f"streamsoak audit --intercept: {text}\n".encode()
        head = (
            f"HTTP/1.1 {status} {_PHRASES.get(status, 'Refused')}\r\nContent-Type: text/plain; charset=utf-8\r\n"
            f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
        )
        self.writer.write(head.encode() + body)
        await self.writer.drain()
        # A connection that is closed with unread data is reset, and the answer may be lost.
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_LINGER_SECONDS):
                if self.writer.can_write_eof():
                    self.writer.write_eof()
                await self.requests.until_closed()

    def abort(self) -> None:
        """Cuts the connection."""
        self.writer.transport.abort()

    async def close(self) -> None:
        """Sends the rest, and closes."""
        self.writer.close()
        with contextlib.suppress(OSError, TimeoutError):
            async with asyncio.timeout(_LINGER_SECONDS):
                await self.writer.wait_closed()
