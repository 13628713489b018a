"""Estimates with their 95 % intervals."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

REPLICATES = 1000
_DRAWS = 20_000_000
_FEWEST = 200
_MANY = 10_000
_LOW, _HIGH = 2.5, 97.5
_PERCENTILES = 60
"""With fewer draws, the interval would be the least and the greatest."""
_NORMAL = 1.96


@dataclass(frozen=True)
class Interval:
    """A figure with its 95 % interval."""

    value: float
    low: float
    high: float


def interval_of(value: float, draws: npt.ArrayLike) -> Interval:
    """Return the percentile interval of `draws` around `value`."""
    low, high = np.percentile(np.asarray(draws, dtype=float), [_LOW, _HIGH])
    return Interval(value, min(float(low), value), max(float(high), value))


def single_run(value: float, draws: npt.ArrayLike) -> Interval:
    """Return the 95 % interval of a single share: from percentiles of many draws, or from the normal distribution for few."""
    shares = np.asarray(draws, dtype=float)
    if len(shares) >= _PERCENTILES:
        return interval_of(value, shares)
    wide = _NORMAL * float(shares.std(ddof=1)) if len(shares) > 1 else 1.0
    return Interval(value, max(0.0, value - wide), min(1.0, value + wide))


def resampled_sums(values: npt.NDArray[np.float64], seed: int) -> npt.NDArray[np.float64]:
    """Return sums of `values` over resampled sessions: each occurs as often as a Poisson number of mean 1 (Poisson bootstrap),
    so that the number of sessions varies, too.
    """
    generator = np.random.default_rng([seed, 1])
    if len(values) > _MANY:
        # The sum of many values is normal; its variance is that of a compound Poisson sum.
        return generator.normal(values.sum(), np.sqrt((values**2).sum()), REPLICATES)
    times = int(np.clip(_DRAWS // max(len(values), 1), _FEWEST, REPLICATES))
    return np.array([float(generator.poisson(1.0, len(values)) @ values) for _ in range(times)])
