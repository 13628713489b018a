"""A plain TCP connection under gevent, with no more between it and the system than a load generator can afford.

gevent's own socket first tries to read, fails, and waits then. What answers a request cannot be there when the request has just
been sent, so this one waits first, and saves a system call and an exception for each request. It also goes on watching while
nobody waits: to begin and to end that for each request is a system call too.
"""

from __future__ import annotations

from typing import Any

from gevent import getcurrent, monkey
from gevent.hub import get_hub

_socket = monkey.get_original("socket", "socket")
_READ, _WRITE = 1, 2


class TcpStream:
    """As much of a socket's interface as the connection needs; blocks the greenlet, not the process."""

    def __init__(self, connected: Any) -> None:
        """Take a connected gevent socket over, which is of no use afterwards."""
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
        """Send all of `data`; raises OSError."""
        try:
            sent = self._send(data)
        except BlockingIOError:
            sent = 0
        while sent < len(data):
            self._wait_until_writable()
            sent += self._send(data[sent:])

    def recv(self, size: int) -> bytes:
        """Wait until there is something to read, and read up to `size` bytes; b"" at the end. Raises OSError."""
        while True:
            self._wait_until_readable()
            try:
                data: bytes = self._receive(size)
            except BlockingIOError:
                continue
            return data

    def close(self) -> None:
        """Close the connection."""
        self._watcher.close()
        self._socket.close()

    def _watch(self) -> None:
        self._watcher.start(self._readable)
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

    def _readable(self) -> None:
        # In the hub.
        if self._waiting is not None:
            self._waiting.switch()
        else:
            # What nobody waits for would be told again and again.
            self._watcher.stop()
            self._is_watched = False
