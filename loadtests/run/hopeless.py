"""Decides whether a run can open no session at all, so that it ends instead of going through its whole scenario."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from loadtests.model.api.answer import Answer, Reason

_PERMANENT = frozenset(
    {
        Reason.UNAUTHORIZED,
        Reason.INVALID,
        Reason.REFUSED,
        Reason.QUOTA,
        Reason.MISSING,
        Reason.REDIRECT,
        Reason.NO_SUCH_CALL,
    }
)
"""What does not change by waiting."""
_LEAST_ATTEMPTS = 5
_PERMANENT_SECONDS = 3.0
_SECONDS = 30.0
"""For failures that may pass: the account is full, the API restarts."""
_MOST_KINDS = 20


class FailedAttempts:
    """Counts failed attempts to open a session by why they failed, until the first one succeeds."""

    def __init__(self) -> None:
        self.by_cause: Counter[str] = Counter()

    def add(self, answer: Answer) -> None:
        """Counts an attempt that did not open a session."""
        cause = (
            f"{answer.reason or answer.outcome}: {answer.message}"
            if answer.message
            else str(answer.reason or answer.outcome)
        )
        if cause in self.by_cause or len(self.by_cause) < _MOST_KINDS:
            self.by_cause[cause] += 1

    def clear(self) -> None:
        """A session was opened."""
        self.by_cause.clear()


class Hopeless:
    """Follows all processes of a run."""

    def __init__(self) -> None:
        self._failing_since: float | None = None

    def reason(self, now: float, opened: int, failed: Mapping[str, int]) -> str:
        """Returns why no session can be opened; "" if one was, or if it is too early to tell.

        `failed`: failed attempts by cause, as `FailedAttempts` counts them, at second `now` of the run.
        """
        total = sum(failed.values())
        if opened or not total:
            self._failing_since = None
            return ""
        if self._failing_since is None:
            self._failing_since = now
        is_permanent = all(cause.partition(":")[0] in _PERMANENT for cause in failed)
        waited = now - self._failing_since
        if total < _LEAST_ATTEMPTS or waited < (_PERMANENT_SECONDS if is_permanent else _SECONDS):
            return ""
        cause, times = max(failed.items(), key=lambda item: item[1])
        return f"{times:,} of {total:,} attempts failed with {cause}"
