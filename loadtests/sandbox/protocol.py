"""uvicorn's HTTP protocol, with two things more: an answer's head and body are sent in one go, and whoever answers may close
the connection instead.
"""

from __future__ import annotations

import asyncio
from typing import Any, cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

EXTENSION = "sandbox.transport"
"""Where the ASGI scope has the connection's transport."""


class _Joining:
    """A transport that sends in one go what is written in one turn of the loop: a send costs more than the rules do."""

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        self._transport = transport
        self._loop = loop
        self._written: list[bytes] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def write(self, data: bytes) -> None:
        """Send `data` with whatever else is written in this turn."""
        if not self._written:
            self._loop.call_soon(self._flush)
        self._written.append(data)

    def close(self) -> None:
        """Send what is left, and close."""
        self._flush()
        self._transport.close()

    def _flush(self) -> None:
        if self._written:
            self._transport.write(b"".join(self._written))
            self._written.clear()


class Protocol(HttpToolsProtocol):
    """One connection to the sandbox."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin; all of uvicorn's writes go through the joining transport."""
        super().connection_made(cast(asyncio.Transport, _Joining(transport, self.loop)))

    def on_message_begin(self) -> None:
        """A request begins: its scope gets the transport."""
        super().on_message_begin()
        extensions: dict[str, Any] = {EXTENSION: {"transport": self.transport}}
        self.scope["extensions"] = extensions
