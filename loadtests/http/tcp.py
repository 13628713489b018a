"""A plain TCP connection for gevent with fewer system calls than gevent's own socket.

gevent's socket first tries to read, fails, and then waits. The answer to a request that has just been sent cannot be there yet,
so this one waits first, which saves a system call and an exception for each request. Its watcher also stays active between
requests: starting and stopping it for each request would be a system call too.
"""

from __future__ import annotations

from typing import Any

from gevent import getcurrent, monkey
from gevent.hub import get_hub

_socket = monkey.get_original("socket", "socket")
_READ, _WRITE = 1, 2


class TcpStream:
    """The part of a socket's interface that a connection needs. It blocks the greenlet, not the process."""

    def __init__(self, connected: Any) -> None:
        """Takes over a connected gevent socket, which must not be used afterwards."""
        connected.settimeout(0)
        self._socket = _socket(connected.family, connected.type, connected.proto, connected.detach())
        self._hub = get_hub()
        self._watcher = self._hub.loop.io(self._socket.fileno(), _READ)
        self._waiting: Any = None
        self._is_watched = False
        self._send, self._receive = self._socket.send, self._socket.recv
        self.fileno = self._socket.fileno
        self._watch()

    def sendall(self, data: bytes) -> None:
        """Sends all of `data`; raises OSError."""
        try:
            sent = self._send(data)
        except BlockingIOError:
            sent = 0
        while sent < len(data):
            self._wait_until_writable()
            sent += self._send(data[sent:])

    def recv(self, size: int) -> bytes:
        """Waits for data and returns up to `size` bytes; b"" at the end. Raises OSError."""
        while True:
            self._wait_until_readable()
            try:
                data: bytes = self._receive(size)
            except BlockingIOError:
                continue
            return data

    def close(self) -> None:
        """Closes the connection."""
        self._watcher.close()
        self._socket.close()

    def _watch(self) -> None:
        self._watcher.start(self._on_readable)
        self._is_watched = True

    def _wait_until_readable(self) -> None:
        if not self._is_watched:
            self._watch()
        self._waiting = getcurrent()
        try:
            self._hub.switch()
        finally:
            self._waiting = None

    def _wait_until_writable(self) -> None:
        watcher = self._hub.loop.io(self._socket.fileno(), _WRITE)
        try:
            self._hub.wait(watcher)
        finally:
            watcher.close()

    def _on_readable(self) -> None:
        # Runs in the hub.
        if self._waiting is not None:
            self._waiting.switch()
        else:
            # Nothing waits for the data, so the loop would call this again and again.
            self._watcher.stop()
            self._is_watched = False
