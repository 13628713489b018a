"""TLS over any stream: a TCP connection, or a TLS connection to a proxy.

Python's ssl wraps sockets or buffers. With buffers, one read of the socket takes in all that has come, where OpenSSL would read
each record's head and content apart.
"""

from __future__ import annotations

import ssl
from collections.abc import Callable

from loadtests.http.stream import Stream, receive

_CHUNK = 1 << 16


class TlsStream:
    """A stream (see `stream.Stream`) within another one."""

    def __init__(self, outer: Stream, context: ssl.SSLContext, host: str) -> None:
        """Makes the handshake with `host` over `outer`, in this greenlet. Raises OSError (ssl.SSLError is one)."""
        self._outer = outer
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._inner = context.wrap_bio(self._incoming, self._outgoing, server_hostname=host)
        self.fileno = outer.fileno
        self.wait, self.close = outer.wait, outer.close
        self.has_ended = False
        self._shake_hands()

    @property
    def has_unsent(self) -> bool:
        """Whether a part of what was written has not been sent yet."""
        return self._outer.has_unsent

    def write(self, data: bytes) -> None:
        """Sends `data`, as soon as the other end takes it. Raises OSError."""
        while data:
            data = data[self._inner.write(data) :]
        self._outer.write(self._outgoing.read())

    def read(self) -> bytes:
        """Returns what has come; b"" at the end. Raises OSError; BlockingIOError: nothing has come that is not TLS's own."""
        if not self.has_ended:
            self._take_in(self._outer.read())
        parts: list[bytes] = []
        try:
            while data := self._inner.read(_CHUNK):
                parts.append(data)
            self.has_ended = True
        except ssl.SSLWantReadError:
            pass
        except (ssl.SSLZeroReturnError, ssl.SSLEOFError):
            self.has_ended = True
        finally:
            self._send_outgoing()
        if not parts and not self.has_ended:
            raise BlockingIOError
        return b"".join(parts)

    def watch(self, on_readable: Callable[[], None]) -> None:
        """Calls `on_readable` in the event loop's greenlet whenever there is something to read."""
        self._outer.watch(on_readable)

    def _shake_hands(self) -> None:
        while True:
            try:
                return self._inner.do_handshake()
            except ssl.SSLWantReadError:
                pass
            finally:
                self._send_outgoing()
            self._take_in(receive(self._outer))

    def _take_in(self, data: bytes) -> None:
        if data:
            self._incoming.write(data)
        else:
            self._incoming.write_eof()

    def _send_outgoing(self) -> None:
        if data := self._outgoing.read():
            self._outer.write(data)
