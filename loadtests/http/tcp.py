"""A TCP connection that the event loop watches, with as few system calls as there can be.

Its watcher stays active between requests: starting and stopping it for each of them would be a system call more. It fires only
when something has come, so each answer is read without a first attempt that fails.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import gevent.socket
from gevent import monkey
from gevent.hub import get_hub

_socket = monkey.get_original("socket", "socket")
_READ, _WRITE = 1, 2
_CHUNK = 1 << 16
WAIT_SECONDS = 10.0
"""For the other end, while a connection is opened."""


class TcpStream:
    """A stream (see `stream.Stream`) on a connected socket."""

    def __init__(self, connected: Any) -> None:
        """Takes over a connected gevent socket, which must not be used afterwards."""
        connected.settimeout(0)
        self._socket = _socket(connected.family, connected.type, connected.proto, connected.detach())
        self._send, self._receive = self._socket.send, self._socket.recv
        self.fileno = self._socket.fileno
        self._watcher: Any = None
        self._writer: Any = None
        self._unsent = b""
        self.has_unsent = self.has_ended = False

    def write(self, data: bytes) -> None:
        """Sends `data`, as soon as the other end takes it. Raises OSError."""
        if self.has_unsent:
            self._unsent += data
            return
        try:
            sent = self._send(data)
        except BlockingIOError:
            sent = 0
        if sent < len(data):
            self._unsent, self.has_unsent = data[sent:], True
            self._writer = get_hub().loop.io(self._socket.fileno(), _WRITE)
            self._writer.start(self._write_on)

    def read(self) -> bytes:
        """Returns what has come; b"" at the end. Raises OSError; BlockingIOError: nothing has come."""
        data: bytes = self._receive(_CHUNK)
        if not data:
            self.has_ended = True
        return data

    def wait(self) -> None:
        """Blocks the greenlet until something comes. Raises TimeoutError."""
        gevent.socket.wait_read(self._socket.fileno(), WAIT_SECONDS, TimeoutError("timed out"))

    def watch(self, on_readable: Callable[[], None]) -> None:
        """Calls `on_readable` in the event loop's greenlet whenever there is something to read."""
        self._watcher = get_hub().loop.io(self._socket.fileno(), _READ)
        self._watcher.start(on_readable)

    def close(self) -> None:
        """Closes the connection."""
        self._end_writing()
        if self._watcher is not None:
            self._watcher.close()
            self._watcher = None
        self._socket.close()

    def _write_on(self) -> None:
        try:
            self._unsent = self._unsent[self._send(self._unsent) :]
        except BlockingIOError:
            return None
        except OSError:
            # The watcher for reading fires, too, and `read` says what happened.
            return self._end_writing()
        if not self._unsent:
            self.has_unsent = False
            self._end_writing()

    def _end_writing(self) -> None:
        if self._writer is not None:
            self._writer.close()
            self._writer = None
