"""Percentiles while a run goes on: counts in log-spaced buckets, exact to 2 %."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import accumulate

_RATIO = math.log(1.02)
_LEAST = 1e-6


class Histogram:
    """Non-negative values, in any unit; what is below a millionth counts as that."""

    __slots__ = ("_buckets", "count")

    def __init__(self) -> None:
        self._buckets: Counter[int] = Counter()
        self.count = 0

    def add(self, value: float) -> None:
        """Take one value."""
        self._buckets[math.ceil(math.log(max(value, _LEAST)) / _RATIO)] += 1
        self.count += 1

    def add_all(self, values: Iterable[float]) -> None:
        """Take many values."""
        log, ceil = math.log, math.ceil
        buckets = [ceil(log(value if value > _LEAST else _LEAST) / _RATIO) for value in values]
        self._buckets.update(buckets)
        self.count += len(buckets)

    def percentile(self, share: float) -> float | None:
        """The value that `share` of all values do not exceed, up to 2 % too high; None while there are none."""
        rank = share * self.count - 1e-9
        seen = 0
        for bucket in sorted(self._buckets):
            seen += self._buckets[bucket]
            if seen >= rank:
                return math.exp(bucket * _RATIO)
        return None

    def cumulative(self, bounds: Sequence[float]) -> list[int]:
        """How many values do not exceed each of `bounds`, which ascend, and how many there are; a value may count as up to 2 %
        higher.
        """
        counts = [0] * (len(bounds) + 1)
        for bucket, number in self._buckets.items():
            counts[bisect_left(bounds, math.exp(bucket * _RATIO))] += number
        return list(accumulate(counts))

    def clear(self) -> None:
        """Begin anew."""
        self._buckets.clear()
        self.count = 0
