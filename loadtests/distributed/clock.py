"""A worker's clock against the master's, by asking what time it is there (Cristian 1989, doi 10.1007/BF01784024).

    offset = there − (asked + answered) / 2,   off by at most (answered − asked) / 2

The least round trip of several gives the best bound.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple


class ClockReading(NamedTuple):
    """One question and its answer; all in seconds."""

    asked: float
    """By the worker's clock."""
    there: float
    """The master's clock, when it answered."""
    answered: float
    """By the worker's clock."""


class ClockOffset(NamedTuple):
    """What to add to the worker's clock to have the master's; off by at most `error`, in seconds."""

    seconds: float
    error: float

    def error_now(self, later: ClockOffset) -> float:
        """How far this offset, still in use, may be off by now, as a later measurement shows."""
        return abs(later.seconds - self.seconds) + later.error


def offset(readings: Iterable[ClockReading]) -> ClockOffset:
    """The best of several readings. Raises ValueError if there are none."""
    best = min(readings, key=lambda reading: reading.answered - reading.asked)
    return ClockOffset(best.there - (best.asked + best.answered) / 2, (best.answered - best.asked) / 2)
