"""Estimates the interval of a change: the circular block bootstrap, for series whose neighbouring moments are not independent.

Politis & Romano 1992, "A circular block-resampling procedure for stationary data": it resamples blocks of neighbouring
cells of time instead of single cells, with the end joined to the start, so that dependent neighbours stay together. Both runs
are resampled at the same places, since they have the same stages and ramps: the effect of these on a figure is not noise.

Blocks of one length omit dependence that is longer than a block, which makes intervals too narrow. So the variance is estimated
with blocks of two lengths, as twice the longer's less the shorter's: the bias that falls with the length cancels
(Politis & Romano 1995, "Bias-corrected nonparametric spectral estimation", J. Time Ser. Anal. 16:67-103).

The interval around the change is Student's, with as many degrees of freedom as there are long blocks side by side, less one: with
few blocks the plain percentiles cover too little (Hesterberg 2015, "What teachers should know about the bootstrap", Am. Stat.
69:371-386).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
import numpy.typing as npt

ROUNDS = 1000
CELLS = 120
"""Of time, in which a run is cut."""
LENGTHS = (6, 12)
"""Cells in a short and in a long block."""
FREEDOM = CELLS // LENGTHS[1] - 1
"""Degrees of freedom."""

Values = npt.NDArray[np.float64]


@dataclass(frozen=True)
class DifferenceInterval:
    """An estimate of a change, and its standard error."""

    change: float
    error: float

    def bounds(self, level: float = 0.95) -> tuple[float, float]:
        """Return the interval that covers the true change in `level` of cases."""
        reach = student(0.5 + level / 2, FREEDOM) * self.error
        return self.change - reach, self.change + reach


def weights(length: int, seed: int) -> Values:
    """Return how often each cell occurs in each round of resampling blocks of `length` cells: shape (ROUNDS, CELLS)."""
    starts = np.random.default_rng((seed, length)).integers(0, CELLS, size=(ROUNDS, CELLS // length))
    picked = ((starts[:, :, None] + np.arange(length)) % CELLS).reshape(ROUNDS, -1)
    flat = picked + np.arange(ROUNDS)[:, None] * CELLS
    return np.bincount(flat.ravel(), minlength=ROUNDS * CELLS).reshape(ROUNDS, CELLS).astype(np.float64)


def interval(change: float, short: Values, long: Values) -> DifferenceInterval:
    """Return the interval of a change from its values in each round of short and long blocks (not finite: not measured)."""
    narrow, wide = _variance(short), _variance(long)
    return DifferenceInterval(change, math.sqrt(max(narrow, wide, 2 * wide - narrow)))


def student(p: float, freedom: int) -> float:
    """Return the quantile `p` of Student's t, exact to 0.01 from 9 degrees of freedom on.

    Uses the expansion of Abramowitz & Stegun, 26.7.5.
    """
    x = NormalDist().inv_cdf(p)
    terms = (
        (x**3 + x) / 4,
        (5 * x**5 + 16 * x**3 + 3 * x) / 96,
        (3 * x**7 + 19 * x**5 + 17 * x**3 - 15 * x) / 384,
        (79 * x**9 + 776 * x**7 + 1482 * x**5 - 1920 * x**3 - 945 * x) / 92160,
    )
    return x + sum(term / float(freedom**power) for power, term in enumerate(terms, start=1))


def _variance(resampled: Values) -> float:
    measured = resampled[np.isfinite(resampled)]
    return float(np.var(measured, ddof=1)) if len(measured) > ROUNDS / 2 else math.inf
