"""Measures session-seconds, the quantity that an account is billed for."""

from __future__ import annotations


class UsageMeter:
    """Sums session-seconds, in constant time for any number of open sessions."""

    def __init__(self) -> None:
        self._seconds = 0.0
        self._open = 0
        self._since = 0.0

    def opened(self, at: float) -> None:
        """Counts one more open session from `at` on."""
        self._advance(at)
        self._open += 1

    def closed(self, at: float) -> None:
        """Counts one open session less from `at` on."""
        self._advance(at)
        self._open -= 1

    def seconds(self, now: float) -> float:
        """Returns the session-seconds until `now`."""
        return self._seconds + self._open * max(0.0, now - self._since)

    def _advance(self, at: float) -> None:
        self._seconds = self.seconds(at)
        self._since = max(at, self._since)
