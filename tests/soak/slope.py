"""Whether a figure grows: the slope of a line through the medians of its blocks, with its 95 % interval."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from typing import NamedTuple

from scipy import stats

BLOCK_SECONDS = 300.0
"""Neighbouring samples are alike; medians of five minutes are nearly independent."""


class Slope(NamedTuple):
    """Growth per hour, and its 95 % interval."""

    mean: float
    per_hour: float
    low: float
    high: float

    @property
    def is_flat(self) -> bool:
        """Whether no growth is a possible value, or growth is under one per cent of the figure in an hour."""
        return self.low <= 0 or self.high <= 0.01 * self.mean


def slope(points: Sequence[tuple[float, float]], block_seconds: float = BLOCK_SECONDS) -> Slope:
    """Fits (seconds, value) points by least squares; the interval is Student's with two degrees of freedom less than blocks.

    Raises ValueError for fewer than three blocks.
    """
    blocks: dict[int, list[float]] = {}
    for t, value in points:
        blocks.setdefault(int(t // block_seconds), []).append(value)
    if len(blocks) < 3:
        raise ValueError(f"{len(blocks)} blocks of {block_seconds:g} s: at least 3 are needed")
    hours = [number * block_seconds / 3600 for number in blocks]
    medians = [statistics.median(values) for values in blocks.values()]
    if min(medians) == max(medians):
        return Slope(medians[0], 0, 0, 0)
    fitted = stats.linregress(hours, medians)
    half = float(stats.t.ppf(0.975, len(blocks) - 2)) * float(fitted.stderr)
    return Slope(statistics.fmean(medians), float(fitted.slope), float(fitted.slope) - half, float(fitted.slope) + half)
