"""What is due when: a calendar of short stretches of time, of which only the present one is kept in order.

A heap of everything compares its way through as many entries as it has doublings, all over the memory: with a hundred thousand
people it took half of a simulation. Here an entry of a later stretch is put into that stretch's list, and each list is sorted
once, when its time comes (a calendar queue: Brown 1988, doi 10.1145/63039.63045, with stretches of a fixed length).
"""

from __future__ import annotations

import heapq
from bisect import insort
from collections.abc import Iterator
from operator import itemgetter
from typing import Any, Generic, TypeVar

_STRETCHES_A_SECOND = 8
_when = itemgetter(0)

T = TypeVar("T", bound=tuple[Any, ...])


class CalendarQueue(Generic[T]):
    """Entries by time, which each begins with (one tuple, not one around another: a million may wait); those of equal time
    in the order in which they came.
    """

    def __init__(self) -> None:
        self._present: list[T] = []
        self._next = 0
        """The place of the earliest entry in `_present`."""
        self._stretch = -1
        """The stretch that `_present` goes up to."""
        self._later: dict[int, list[T]] = {}
        self._stretches: list[int] = []
        """Those of `_later`, as a heap."""

    def __len__(self) -> int:
        return len(self._present) - self._next + sum(map(len, self._later.values()))

    def push(self, entry: T) -> None:
        """Put `entry` down for the second that it begins with."""
        stretch = int(entry[0] * _STRETCHES_A_SECOND)
        later = self._later.get(stretch)
        if later is not None:
            later.append(entry)
        elif stretch <= self._stretch:
            insort(self._present, entry, self._next, key=_when)
        else:
            self._later[stretch] = [entry]
            heapq.heappush(self._stretches, stretch)

    def due(self, until: float) -> Iterator[T]:
        """The entries up to and at second `until`, in order, each taken out; what is pushed meanwhile is among them."""
        while self._next < len(self._present) or self._turn():
            entry = self._present[self._next]
            if entry[0] > until:
                return
            self._next += 1
            yield entry

    def earliest(self) -> float | None:
        """When the next entry is due; None if there is none."""
        return float(self._present[self._next][0]) if self._next < len(self._present) or self._turn() else None

    def _turn(self) -> bool:
        """Go on to the next stretch that has entries; False if there is none."""
        if not self._stretches:
            self._present.clear()
            self._next = 0
            return False
        self._stretch = heapq.heappop(self._stretches)
        self._present = self._later.pop(self._stretch)
        # A stable sort: entries of equal time stay in the order in which they came.
        self._present.sort(key=_when)
        self._next = 0
        return True
