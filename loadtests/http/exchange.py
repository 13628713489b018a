"""What went over HTTP for one request: the result of a connection."""

from __future__ import annotations

import msgspec

from loadtests.http.failure import connect_failure
from loadtests.model.api.answer import Reason


class Exchange(msgspec.Struct, frozen=True, gc=False):
    """What went over HTTP for one request. Times are in seconds of the connection's clock."""

    sent: float
    """When the first byte was sent; if none was, when the attempt failed."""
    answered: float
    connecting: float
    """Seconds spent opening a new connection; 0 if one was reused."""
    status: int = 0
    body: bytes = b""
    retry_after: float = 0.0
    failure: Reason = Reason.NONE
    was_sent: bool = True
    was_repeated: bool = False
    """Whether it was sent again on a new connection, because the one before was stale."""
    error: str = ""
    """The name of the error for which nothing was sent (`failure.connect_failure`); "" if there is none."""
    head: bytes = b""
    """The answer's headers, if the connection keeps them."""

    @classmethod
    def not_sent(cls, error: Exception, began: float, now: float) -> Exchange:
        """Returns that nothing was sent, because no connection could be opened."""
        reason, name = connect_failure(error)
        return cls(now, now, now - began, failure=reason, was_sent=False, error=name)
