"""How long sessions have been open, all together: what an account is billed for."""

from __future__ import annotations


class UsageMeter:
    """Adds up session-seconds in constant time, however many sessions are open."""

    def __init__(self) -> None:
        self._seconds = 0.0
        self._open = 0
        self._since = 0.0

    def opened(self, at: float) -> None:
        """One more session is open from `at` on."""
        self._count_until(at)
        self._open += 1

    def closed(self, at: float) -> None:
        """One session less is open from `at` on."""
        self._count_until(at)
        self._open -= 1

    def seconds(self, now: float) -> float:
        """Session-seconds until `now`."""
        return self._seconds + self._open * max(0.0, now - self._since)

    def _count_until(self, at: float) -> None:
        self._seconds = self.seconds(at)
        self._since = max(at, self._since)
