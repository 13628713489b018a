"""Percentiles from counts in log-spaced buckets, exact to 2 %."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections import Counter
from collections.abc import Sequence
from itertools import accumulate

import numpy as np
import numpy.typing as npt

LOG_RATIO = math.log(1.02)
"""The logarithm of the ratio of two neighbouring buckets' bounds."""
_LEAST = 1e-6


def bucket_of(value: float) -> int:
    """The bucket of a value: the one whose upper bound is the least that is not below it."""
    return math.ceil(math.log(value if value > _LEAST else _LEAST) / LOG_RATIO)


def upper_bound(bucket: int) -> float:
    """The greatest value in a bucket."""
    return math.exp(bucket * LOG_RATIO)


class Histogram:
    """Non-negative values, in any unit; what is below a millionth counts as that."""

    __slots__ = ("_buckets", "count")

    def __init__(self) -> None:
        self._buckets: Counter[int] = Counter()
        self.count = 0

    def add(self, value: float) -> None:
        """Count one value."""
        self._buckets[bucket_of(value)] += 1
        self.count += 1

    def add_all(self, values: npt.NDArray[np.float64]) -> None:
        """Count many values."""
        if not len(values):
            return
        logarithms = np.log(np.maximum(values, _LEAST))
        buckets = np.ceil(logarithms / LOG_RATIO).astype(np.int64)
        least = int(buckets.min())
        # Not np.unique, which sorts: a load generator's loop waits meanwhile.
        counts = np.bincount(buckets - least)
        found = np.flatnonzero(counts)
        self._buckets.update(dict(zip((found + least).tolist(), counts[found].tolist(), strict=True)))
        self.count += len(values)

    def percentile(self, share: float) -> float | None:
        """The value that `share` of all values do not exceed, up to 2 % too high; None while there are none."""
        rank = share * self.count - 1e-9
        seen = 0
        for bucket in sorted(self._buckets):
            seen += self._buckets[bucket]
            if seen >= rank:
                return upper_bound(bucket)
        return None

    def cumulative(self, bounds: Sequence[float]) -> list[int]:
        """How many values do not exceed each of `bounds`, which ascend, and how many there are; a value may count as up to 2 %
        higher.
        """
        counts = [0] * (len(bounds) + 1)
        for bucket, number in self._buckets.items():
            counts[bisect_left(bounds, upper_bound(bucket))] += number
        return list(accumulate(counts))

    def clear(self) -> None:
        """Forget all values."""
        self._buckets.clear()
        self.count = 0
