"""A run's figures over time, bounded whatever its length: each second at first, older points ever coarser. Pure.

Levels of bins: the first takes each second. A level that is full gives its two oldest bins, as one, to the next, whose bins are
wider; the last level merges within itself. A bin keeps what a reader looks for: of counts the last, of gauges the mean, of
lateness and delay the worst, of margins the least.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from loadtests.webui.frame import Frame

LEVELS = 8
LEVEL_SIZE = 300
"""Bins. Eight levels of 300, each twice as coarse as the one before: 300 × 255 s = 21 h before the last has to merge."""
MOST_POINTS = LEVELS * LEVEL_SIZE


class Bin(NamedTuple):
    """So many seconds as one point."""

    seconds: int
    values: dict[str, float | None]


Values = Sequence[tuple[int, float | None]]
"""Of some bins, each with its seconds."""


def _mean(values: Values) -> float | None:
    known = [(seconds, value) for seconds, value in values if value is not None]
    total = sum(seconds for seconds, _ in known)
    return sum(seconds * value for seconds, value in known) / total if known else None


def _last(values: Values) -> float | None:
    return values[-1][1]


def _worst(values: Values) -> float | None:
    return max((value for _, value in values if value is not None), default=None)


def _least(values: Values) -> float | None:
    return min((value for _, value in values if value is not None), default=None)


FIGURES: Mapping[str, Callable[[Values], float | None]] = {
    "t": _last,
    **dict.fromkeys(("active", "quiet", "closing", "leaked", "others", "held", "listed"), _mean),
    **dict.fromkeys(("hits", "requests", "opened"), _last),
    **dict.fromkeys(("leaks", "late", "delay"), _worst),
    "margin": _least,
}
"""What is kept of each frame, and how some become one."""


def merge(one: Bin, other: Bin) -> Bin:
    """Two bins, the older first, as one."""
    pair = (one, other)
    values = {name: join([(each.seconds, each.values[name]) for each in pair]) for name, join in FIGURES.items()}
    return Bin(one.seconds + other.seconds, values)


class Series:
    """At most `LEVELS` × `size` points, oldest first."""

    def __init__(self, size: int = LEVEL_SIZE) -> None:
        self._size = size
        self._levels: list[list[Bin]] = [[] for _ in range(LEVELS)]

    def add(self, frame: Frame) -> None:
        """Take one second."""
        self._put(0, Bin(1, {name: getattr(frame, name) for name in FIGURES}))

    def __iter__(self) -> Iterator[Bin]:
        return (each for level in reversed(self._levels) for each in level)

    def __len__(self) -> int:
        return sum(map(len, self._levels))

    def columns(self) -> dict[str, list[Any]]:
        """The points, figure by figure."""
        points = list(self)
        return {name: [_short(point.values[name]) for point in points] for name in FIGURES}

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
            level[:] = [merge(*level[each : each + 2]) for each in range(0, len(level) - 1, 2)] + level[
                len(level) // 2 * 2 :
            ]


def _short(value: float | None) -> float | None:
    return value if value is None or isinstance(value, int) else round(value, 4)
