"""What a run has come to so far: the worst figures, and since when the account is full. Pure."""

from __future__ import annotations

from loadtests.webui.frame import Frame


class Extremes:
    """Follows a run second by second. `limit`: of the account; None: unknown, so that it is never full."""

    def __init__(self, limit: int | None) -> None:
        self._limit = limit
        self._margin: float | None = None
        self._late: float | None = None
        self.delay = 0.0
        """The longest delay of the load generator's loop, in seconds."""
        self._full_since: float | None = None

    def complete(self, frame: Frame) -> None:
        """Includes `frame` and writes the figures so far into it."""
        self.delay = max(self.delay, frame.delay)
        self._margin = min((known for known in (self._margin, frame.margin) if known is not None), default=None)
        self._late = max((known for known in (self._late, frame.late) if known is not None), default=None)
        is_full = self._limit is not None and frame.held + frame.others >= self._limit
        if not is_full:
            self._full_since = None
        elif self._full_since is None:
            self._full_since = frame.t
        frame.delay_worst, frame.margin_worst, frame.late_worst = self.delay, self._margin, self._late
        frame.full_since = self._full_since
