"""A run's figures over time in bounded memory: recent points per second, older ones ever coarser. Pure.

Points are kept in levels of bins. The first level has one bin per second. A full level merges its two oldest bins into one of the
next level; the last level merges its own bins. Merging keeps the last value of counters, the mean of gauges, the maximum of
lateness and delay, and the minimum of margins.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from operator import attrgetter
from typing import Any, NamedTuple

from loadtests.webui.frame import Frame

LEVELS = 8
LEVEL_SIZE = 300
"""Bins per level. Eight levels of 300, each twice as coarse as the one before, hold 300 × 255 s = 21 h."""
MOST_POINTS = LEVELS * LEVEL_SIZE


class Bin(NamedTuple):
    """A point that stands for a number of seconds."""

    seconds: int
    values: tuple[float | None, ...]
    """In the order of FIGURES. A long run has some thousand points: with names each would take a kilobyte."""


Values = Sequence[tuple[int, float | None]]
"""Values of several bins, each with its seconds."""


def _mean(values: Values) -> float | None:
    known = [(seconds, value) for seconds, value in values if value is not None]
    total = sum(seconds for seconds, _ in known)
    return sum(seconds * value for seconds, value in known) / total if known else None


def _last(values: Values) -> float | None:
    return values[-1][1]


def _maximum(values: Values) -> float | None:
    return max((value for _, value in values if value is not None), default=None)


def _minimum(values: Values) -> float | None:
    return min((value for _, value in values if value is not None), default=None)


FIGURES: Mapping[str, Callable[[Values], float | None]] = {
    "t": _last,
    **dict.fromkeys(("active", "quiet", "closing", "leaked", "others", "held", "listed"), _mean),
    **dict.fromkeys(("hits", "requests", "opened"), _last),
    **dict.fromkeys(("leaks", "late", "delay"), _maximum),
    "margin": _minimum,
}
"""The figures kept of each frame, and how they are merged."""


_values_of: Callable[[Frame], tuple[float | None, ...]] = attrgetter(*FIGURES)


def merge(one: Bin, other: Bin) -> Bin:
    """Merges two bins, the older first."""
    pairs = zip(FIGURES.values(), one.values, other.values, strict=True)
    values = tuple(combine([(one.seconds, old), (other.seconds, new)]) for combine, old, new in pairs)
    return Bin(one.seconds + other.seconds, values)


class Series:
    """At most `LEVELS` × `size` points, oldest first."""

    def __init__(self, size: int = LEVEL_SIZE) -> None:
        self._size = size
        self._levels: list[list[Bin]] = [[] for _ in range(LEVELS)]

    def add(self, frame: Frame) -> None:
        """Adds one second."""
        self._put(0, Bin(1, _values_of(frame)))

    def __iter__(self) -> Iterator[Bin]:
        return (point for level in reversed(self._levels) for point in level)

    def __len__(self) -> int:
        return sum(map(len, self._levels))

    def columns(self) -> dict[str, list[Any]]:
        """Returns the points by figure."""
        points = list(self)
        return {name: [_rounded(point.values[place]) for point in points] for place, name in enumerate(FIGURES)}

    def _put(self, at: int, point: Bin) -> None:
        level = self._levels[at]
        level.append(point)
        if len(level) <= self._size:
            return
        if at + 1 < LEVELS:
            oldest = merge(level[0], level[1])
            del level[:2]
            self._put(at + 1, oldest)
        else:
            pairs = range(0, len(level) - 1, 2)
            level[:] = [merge(*level[first : first + 2]) for first in pairs] + level[len(level) // 2 * 2 :]


def _rounded(value: float | None) -> float | None:
    return value if value is None or isinstance(value, int) else round(value, 4)
