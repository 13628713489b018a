"""uvicorn's HTTP protocol with two additions: head and body of a response are sent together, and the app can close the
connection instead of responding.
"""

from __future__ import annotations

import asyncio
from typing import Any, Protocol, cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

EXTENSION = "sandbox.transport"
"""The ASGI extension that holds the connection's transport."""


class _Joining:
    """Joins all writes of one loop iteration into one send, because a send costs more than the rules do."""

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        self._transport = transport
        self._loop = loop
        self._written: list[bytes] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def write(self, data: bytes) -> None:
        """Sends `data` together with the other writes of this iteration."""
        if not self._written:
            self._loop.call_soon(self._flush)
        self._written.append(data)

    def close(self) -> None:
        """Sends the rest, and closes."""
        self._flush()
        self._transport.close()

    def _flush(self) -> None:
        if self._written:
            self._transport.write(b"".join(self._written))
            self._written.clear()


class App(Protocol):
    """What is served."""

    def unreadable(self) -> None:
        """A request could not be read."""


class Connection(HttpToolsProtocol):
    """One connection to the sandbox."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Wraps the transport, so that uvicorn's writes are joined."""
        super().connection_made(cast(asyncio.Transport, _Joining(transport, self.loop)))

    def send_400_response(self, msg: str) -> None:
        """Refuses a request that is not HTTP/1.1, and tells the app, which is never asked."""
        cast(App, self.config.app).unreadable()
        super().send_400_response(msg)

    def on_message_begin(self) -> None:
        """Puts the transport into the scope of the request."""
        super().on_message_begin()
        extensions: dict[str, Any] = {EXTENSION: {"transport": self.transport}}
        self.scope["extensions"] = extensions
