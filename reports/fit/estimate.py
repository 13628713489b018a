"""An estimate with its 95 % interval, and the intervals of standard cases."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.stats import binomtest, chi2

from reports.fit.sample import Floats

Z = 1.959964
"""Quantile of the normal distribution for a two-sided 95 % interval."""
_STEP = 1e-3


@dataclass(frozen=True)
class Estimate:
    """A figure, its 95 % interval, and the number of observations that it comes from. Seconds, shares, or a second⁻¹."""

    value: float
    low: float
    high: float
    n: int

    def holds(self, value: float) -> bool:
        """Whether `value` is in the interval; rounding to the digits of a file does not count."""
        slack = 0.002 * abs(value) + 1e-9
        return self.low - slack <= value <= self.high + slack


def exact(value: float, n: int) -> Estimate:
    """Returns the estimate of a value that all observations share."""
    return Estimate(value, value, value, n)


def around(value: float, error: float, n: int) -> Estimate:
    """Returns the estimate with a normal interval; `error`: its standard error."""
    return Estimate(value, value - Z * error, value + Z * error, n)


def share_of(part: int, whole: int) -> Estimate:
    """Returns a share with Wilson's interval (Wilson 1927, doi 10.1080/01621459.1927.10502953)."""
    interval = binomtest(part, whole).proportion_ci(method="wilson")
    return Estimate(part / whole, float(interval.low), float(interval.high), whole)


def rate_of(count: int, seconds: float) -> Estimate:
    """Returns events a second with the exact Poisson interval (Garwood 1936, doi 10.1093/biomet/28.3-4.437)."""
    low = float(chi2.ppf(0.025, 2 * count)) / 2 if count else 0.0
    return Estimate(count / seconds, low / seconds, float(chi2.ppf(0.975, 2 * count + 2)) / 2 / seconds, count)


def covariance(loss: Callable[[Floats], float], at: Floats, step: float = _STEP) -> Floats | None:
    """Returns the inverse of the observed information, the matrix of second derivatives of `loss` (a negative log-likelihood)
    at its minimum, by central differences of `step`; None: it is not positive definite there.
    """
    size = len(at)
    steps = np.maximum(step, step * np.abs(at))
    matrix = np.zeros((size, size))
    for i in range(size):
        for j in range(i + 1):
            total = 0.0
            for sign_i, sign_j in ((1, 1), (1, -1), (-1, 1), (-1, -1)):
                moved = at.copy()
                moved[i] += sign_i * steps[i]
                moved[j] += sign_j * steps[j]
                total += sign_i * sign_j * loss(moved)
            matrix[i, j] = matrix[j, i] = total / (4 * steps[i] * steps[j])
    if not np.isfinite(matrix).all() or np.linalg.eigvalsh(matrix).min() <= 0:
        return None
    return np.asarray(np.linalg.inv(matrix), dtype=float)
