"""One request with its answer, on its way through the proxy."""

from __future__ import annotations

from collections.abc import Mapping

from loadtests.http.fields import Header
from loadtests.model.api.answer import Reason
from loadtests.model.api.routing import Route
from loadtests.reverse_proxy.bounds import KEPT_BODY


class Kept:
    """A body for the log: whole, or not at all if it is larger than KEPT_BODY."""

    __slots__ = ("_parts", "is_whole", "size")

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self.size = 0
        self.is_whole = True

    def add(self, data: bytes) -> None:
        """Adds a piece."""
        self.size += len(data)
        if self.size <= KEPT_BODY:
            self._parts.append(data)
        elif self.is_whole:
            self.is_whole = False
            self._parts.clear()

    @property
    def data(self) -> bytes:
        """The body; b"" if it is not whole."""
        return b"".join(self._parts)


class Exchange:
    """One request and its answer. Times are those of the monotonic clock."""

    def __init__(self, began: float) -> None:
        self.began = began
        """When its first byte came."""
        self.method = b""
        self.target = b""
        self.query = b""
        self.headers: list[Header] = []
        self.trailers: list[Header] = []
        self.size = 0
        """Bytes of the head, then of the trailers."""
        self.head = False
        """Whether the head has been read."""
        self.chunked = False
        self.outgoing: list[bytes] = []
        """What the upstream has not been given yet."""
        self.is_complete = False
        """Whether the request has been read to its end."""
        self.is_last = False
        """Whether the client wants no further request on its connection."""
        self.is_old = False
        """Whether the client speaks HTTP/1.0."""
        self.is_started = False
        """Whether the upstream is being asked."""
        self.refusal: tuple[int, str] | None = None
        """Status and reason, if the proxy refuses the request."""
        self.call: tuple[Route, Mapping[str, str]] | None = None
        """The API's call that the request is, with the fields in its path; None: not recorded."""
        self.passed = 0
        """Bytes of the request's body so far."""
        self.asked = Kept()
        self.status = 0
        """Of the answer; 0: its head has not come."""
        self.response_headers: list[Header] = []
        self.answer = Kept()
        self.answered = 0.0
        """When the answer had passed, or was given up."""
        self.failure = Reason.NONE
        """Why there is no whole answer."""
        self.was_delivered = True
        """Whether the client was there for the answer."""
