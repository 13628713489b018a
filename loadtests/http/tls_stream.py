"""TLS within a TLS connection: a tunnel through a proxy to which the connection itself is encrypted."""

from __future__ import annotations

import ssl
from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

_CHUNK = 1 << 16

T = TypeVar("T")


class TlsStream:
    """The part of a socket's interface that a connection needs. Python's ssl wraps sockets only: this has buffers between."""

    def __init__(self, outer: Any, context: ssl.SSLContext, host: str) -> None:
        """Makes the handshake with `host` over `outer`, a socket with TLS. Raises OSError (ssl.SSLError is one)."""
        self._outer = outer
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._inner = context.wrap_bio(self._incoming, self._outgoing, server_hostname=host)
        self.fileno = outer.fileno
        self._run(self._inner.do_handshake)

    def sendall(self, data: bytes) -> None:
        """Sends all of `data`; raises OSError."""
        while data:
            data = data[self._run(partial(self._inner.write, data)) :]

    def recv(self, size: int) -> bytes:
        """Waits for data and returns up to `size` bytes; b"" at the end. Raises OSError."""
        try:
            return self._run(partial(self._inner.read, size))
        except (ssl.SSLZeroReturnError, ssl.SSLEOFError):
            return b""

    def settimeout(self, seconds: float | None) -> None:
        """Limits each wait for the other end; None: no limit."""
        self._outer.settimeout(seconds)

    def close(self) -> None:
        """Closes both connections."""
        self._outer.close()

    def _run(self, operation: Callable[[], T]) -> T:
        """Carries out an operation; reads and sends what it needs for that."""
        while True:
            try:
                return operation()
            except ssl.SSLWantReadError:
                pass
            finally:
                if data := self._outgoing.read():
                    self._outer.sendall(data)
            if data := self._outer.recv(_CHUNK):
                self._incoming.write(data)
            else:
                self._incoming.write_eof()
