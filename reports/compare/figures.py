"""Computes each compared figure from a run's cells: a percentile of samples, or a share or rate of sums.

Both kinds can be weighted by cell, as resampling requires: samples are counted in log-spaced buckets (2 %
apart, and interpolated within), sums are kept as they are.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import pandas as pd

from loadtests.model.gates.compared import CALLS, COMPARED
from loadtests.model.maths.histogram import LOG_RATIO
from loadtests.model.maths.reported_percentiles import PERCENTILES
from reports.compare.bootstrap import CELLS, Values

FINEST = 1e-5
"""Seconds: below this, buckets are evenly spaced around 0."""
LEAST_SAMPLES = 20
"""Fewer samples have no percentiles."""
_LEAST_BEYOND = 1.0
"""Samples that must lie beyond a percentile."""

_SAMPLED = ("keep_alive.margin", "keep_alive.lateness", "generator.loop_delay", *(f"latency.{call}" for call in CALLS))


class Measure(Protocol):
    """One figure of one run."""

    def values(self, weights: Values) -> Values:
        """Return the figure in each round of weights, shape (rounds, cells); NaN where nothing was measured."""

    @property
    def is_enough(self) -> bool:
        """Whether there are enough samples to compare."""


@dataclass(frozen=True)
class Percentile:
    """A percentile of samples that are counted by cell and bucket."""

    counts: Values
    """Shape (cells, buckets)."""
    first: int
    """The number of the first bucket."""
    share: float

    def values(self, weights: Values) -> Values:
        """Return the percentile in each round, interpolated within its bucket."""
        if not self.counts.size:
            return np.full(len(weights), np.nan)
        counted = weights @ self.counts
        below = np.cumsum(counted, axis=1)
        wanted = below[:, -1:] * self.share
        place = np.argmax(below >= np.maximum(wanted, 1e-9), axis=1)
        rows = np.arange(len(weights))
        inside = counted[rows, place]
        part = np.divide(wanted[:, 0] - below[rows, place] + inside, inside, out=np.zeros(len(rows)), where=inside > 0)
        found = seconds_of(self.first + place + part)
        return np.where(below[:, -1] > 0, found, np.nan)

    @property
    def is_enough(self) -> bool:
        """Whether samples lie beyond it."""
        n = float(self.counts.sum())
        return n >= LEAST_SAMPLES and n * min(self.share, 1 - self.share) >= _LEAST_BEYOND


@dataclass(frozen=True)
class ShareFigure:
    """The ratio of two sums: a share, or a rate."""

    part: Values
    whole: Values

    def values(self, weights: Values) -> Values:
        """Return the share in each round."""
        part, whole = weights @ self.part, weights @ self.whole
        shares: Values = np.divide(part, whole, out=np.full(len(whole), np.nan), where=whole > 0)
        return shares

    @property
    def is_enough(self) -> bool:
        """Whether the whole is at least one."""
        return float(self.whole.sum()) >= 1


def seconds_of(bucket: Values) -> Values:
    """Return the value at a position between buckets, in seconds: the inverse of the bucket number in `blocks`."""
    seconds: Values = np.sign(bucket) * np.expm1(np.abs(bucket) * LOG_RATIO) * FINEST
    return seconds


def measures(samples: pd.DataFrame, sums: pd.DataFrame) -> dict[str, Measure]:
    """Return each figure of COMPARED from the tables of `blocks`."""
    found: dict[str, Measure] = {}
    for family in _SAMPLED:
        counts, first = _counted(samples[samples["family"] == family])
        for name, share in PERCENTILES.items():
            if f"{family}.{name}" in COMPARED:
                found[f"{family}.{name}"] = Percentile(counts, first, share)
    for figure in COMPARED.keys() - found.keys():
        own = sums[sums["figure"] == figure]
        found[figure] = ShareFigure(_by_cell(own, "part"), _by_cell(own, "whole"))
    return {figure: found[figure] for figure in COMPARED}


def _counted(own: pd.DataFrame) -> tuple[Values, int]:
    if own.empty:
        return np.zeros((CELLS, 0)), 0
    first, last = int(own["bucket"].min()), int(own["bucket"].max())
    counts = np.zeros((CELLS, last - first + 1))
    np.add.at(counts, (own["cell"].to_numpy(), own["bucket"].to_numpy() - first), own["n"].to_numpy())
    return counts, first


def _by_cell(own: pd.DataFrame, column: str) -> Values:
    values = np.zeros(CELLS)
    np.add.at(values, own["cell"].to_numpy(dtype=np.int64), own[column].to_numpy(dtype=np.float64))
    return values
