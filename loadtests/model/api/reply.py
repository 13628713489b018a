"""The API's reply to one call, and the refusals that the default API documents."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import msgspec

from loadtests.model.api.delivery import Delivery

if TYPE_CHECKING:
    from loadtests.model.api.rules import HostedSession

SUCCESS_CODE = 100
NO_CODE = 0
"""A reply whose envelope has no code: `create_token`."""


class Reply(msgspec.Struct, frozen=True, gc=False):
    """The API's reply to one call: HTTP status, the parts of the envelope, and how it is delivered."""

    status: int = 200
    code: int = SUCCESS_CODE
    """`NO_CODE`: the envelope has no code."""
    message: str = "success"
    data: Any = None
    delivery: Delivery = Delivery.ANSWERED
    delay: float = 0.0
    """Seconds by which the reply is delayed."""
    retry_after: int = 0
    """Seconds of the Retry-After header; 0: there is none."""

    @property
    def is_success(self) -> bool:
        """Whether the API did what was asked, whether or not the client reads the reply."""
        return 200 <= self.status < 300 and self.code in (SUCCESS_CODE, NO_CODE)


class PartialList(tuple["HostedSession", ...]):
    """Rows of a list that has more of them than it shows: `total` in all."""

    total: int

    @classmethod
    def of(cls, rows: Iterable[HostedSession], total: int) -> PartialList:
        """Returns these rows of a list of `total`."""
        partial = cls(rows)
        partial.total = total
        return partial


def refusal(status: int, code: int, message: str) -> Reply:
    """A reply that refuses a call."""
    return Reply(status, code, message)


NOT_FOUND = refusal(404, 10006, "Session not found")
CLOSED = refusal(400, 10005, "Session state wrong: closed")
FULL = refusal(429, 10007, "Concurrent limit reached")
UNAUTHORIZED = refusal(401, 400112, "Unauthorized")
NOT_JSON = refusal(400, 40118, "body is not JSON")
DONE = Reply()


def invalid(problem: str) -> Reply:
    """The reply that refuses a parameter."""
    return refusal(400, 40012, f"Invalid parameter: {problem}")
