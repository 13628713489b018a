"""One poll of the API's list, and what changed since the poll before."""

from __future__ import annotations

import msgspec

from loadtests.model.api.answer import Answer, Outcome
from loadtests.model.log.record import Row
from loadtests.model.log.rows import list_row


class ListSnapshot(msgspec.Struct):
    """One poll of the list, and what changed since the last successful poll. Times are seconds of the run."""

    intended: float
    sent: float
    answered: float
    outcome: str
    reason: str = ""
    status: int = 0
    code: int = 0
    count: int = -1
    """Sessions listed; -1: unknown."""
    since: float = 0.0
    """When the last successful poll before this one was sent. A session that vanished was still listed then."""
    appeared: list[tuple[str, float]] = []
    """Ids with created_at (unix seconds; 0: missing)."""
    vanished: list[str] = []
    idle_timeouts: dict[str, float] = {}
    """Idle timeouts by id, in seconds, of listed sessions whose entry says it."""
    requests: int = 1
    """Requests sent for this poll: one for each page."""
    retry_after: float = 0.0
    """Seconds that the API asks to wait for; 0: it does not ask."""
    error: str = ""
    """The system's name of the error for which nothing was sent; "" if there is none."""

    @classmethod
    def without_list(cls, intended: float, answer: Answer) -> ListSnapshot:
        """Returns the snapshot of a poll that got no usable list."""
        return cls(
            intended,
            answer.sent,
            answer.answered,
            answer.outcome,
            answer.reason,
            answer.status,
            answer.code,
            retry_after=answer.retry_after,
        )

    def row(self) -> Row:
        """Returns the row of the event log."""
        return list_row(
            self.intended, self.sent, self.answered, self.outcome, self.reason, self.count, self.status, self.code
        )


class ListHistory:
    """Keeps the last list, and reports only what changed."""

    def __init__(self) -> None:
        self._listed: dict[str, float] = {}
        self._sent = 0.0

    def compare(self, intended: float, answer: Answer, listed: dict[str, float]) -> ListSnapshot:
        """Returns the snapshot of a successful poll; `listed` is the whole list, ids with created_at."""
        before, since, self._listed, self._sent = self._listed, self._sent, listed, answer.sent
        appeared = [(session_id, created) for session_id, created in listed.items() if session_id not in before]
        vanished = [session_id for session_id in before if session_id not in listed]
        return ListSnapshot(
            intended,
            answer.sent,
            answer.answered,
            Outcome.OK,
            "",
            answer.status,
            answer.code,
            len(listed),
            since,
            appeared,
            vanished,
        )
