"""Limits what a run may open and use on an account that costs money, whatever its load."""

from __future__ import annotations

from dataclasses import dataclass, replace

from loadtests.model.api.answer import Reason


@dataclass(frozen=True, slots=True)
class Guard:
    """Bounds on a run; None: no bound."""

    max_open: int | None = None
    """Maximum of open sessions; a session whose opening is unknown counts."""
    max_session_minutes: float | None = None
    """Maximum of the minutes of all sessions together; the run ends when they are used up."""

    def share(self, index: int, of: int) -> Guard:
        """Returns the guard of process `index` (from 0) of `of`. A later process may open nothing."""
        if self.max_open is None:
            return self
        own = self.max_open // of + (index < self.max_open % of) if index < of else 0
        return replace(self, max_open=own)

    def is_spent(self, session_seconds: float) -> bool:
        """Whether the session-minutes are used up."""
        return self.max_session_minutes is not None and session_seconds >= self.max_session_minutes * 60

    def objection(self, held: int, session_seconds: float) -> Reason | None:
        """Returns why one more session must not be opened while `held` may be open; None if it may."""
        if self.max_open is not None and held >= self.max_open:
            return Reason.MAX_OPEN
        return Reason.MAX_SESSION_MINUTES if self.is_spent(session_seconds) else None


UNGUARDED = Guard()
"""No bounds."""
