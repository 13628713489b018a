"""Estimates the offset of a worker's clock to the master's by Cristian's algorithm (1989, doi 10.1007/BF01784024).

    offset = master − (sent + received) / 2,   with an error of at most (received − sent) / 2

Of several readings, the one with the shortest round trip has the smallest error.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple


class ClockReading(NamedTuple):
    """One request for the master's time and its answer; all in seconds."""

    sent: float
    """By the worker's clock."""
    master: float
    """By the master's clock, when it answered."""
    received: float
    """By the worker's clock."""


class ClockOffset(NamedTuple):
    """What to add to the worker's clock to get the master's, with an error of at most `error`; in seconds."""

    seconds: float
    error: float

    def error_now(self, later: ClockOffset) -> float:
        """Returns the error that this offset may have by now, given a later measurement."""
        return abs(later.seconds - self.seconds) + later.error


def offset(readings: Iterable[ClockReading]) -> ClockOffset:
    """Returns the offset by the best of several readings. Raises ValueError if there are none."""
    best = min(readings, key=lambda reading: reading.received - reading.sent)
    return ClockOffset(best.master - (best.sent + best.received) / 2, (best.received - best.sent) / 2)
