"""What carries the bytes of a connection: TCP, or TLS over another stream.

Nothing here blocks, except `wait` and `receive`, which a greenlet uses while a connection is opened. Afterwards the event loop
calls back when there is something to read: a greenlet switch for each answer would cost as much as parsing it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol


class Stream(Protocol):
    """A connected stream."""

    @property
    def has_unsent(self) -> bool:
        """Whether a part of what was written has not been sent yet."""

    @property
    def has_ended(self) -> bool:
        """Whether the other end has sent everything, and all of it was read."""

    def write(self, data: bytes) -> None:
        """Sends `data`, as soon as the other end takes it. Raises OSError."""

    def read(self) -> bytes:
        """Returns what has come; b"" at the end. Raises OSError; BlockingIOError: nothing has come."""

    def wait(self) -> None:
        """Blocks the greenlet until something comes. Raises TimeoutError."""

    def watch(self, on_readable: Callable[[], None]) -> None:
        """Calls `on_readable` in the event loop's greenlet whenever there is something to read."""

    def fileno(self) -> int:
        """The file descriptor of the socket."""

    def close(self) -> None:
        """Closes the connection."""


def receive(stream: Stream) -> bytes:
    """Blocks the greenlet until something comes, and returns it; b"" at the end. Raises OSError."""
    while True:
        try:
            return stream.read()
        except BlockingIOError:
            stream.wait()
