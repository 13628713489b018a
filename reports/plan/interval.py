"""Figures that were not measured exactly: a value, and between what it lies in 95 of 100 cases."""

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
"""Of fewer draws the outermost would be the interval."""
_NORMAL = 1.96


@dataclass(frozen=True)
class Interval:
    """A figure with its 95 % interval."""

    value: float
    low: float
    high: float


def interval_of(value: float, draws: npt.ArrayLike) -> Interval:
    """The percentile interval of `draws` around `value`."""
    low, high = np.percentile(np.asarray(draws, dtype=float), [_LOW, _HIGH])
    return Interval(value, min(float(low), value), max(float(high), value))


def single_run(value: float, draws: npt.ArrayLike) -> Interval:
    """Within what a single share like those of `draws` lies: of many draws their percentiles, of few as if they were normal."""
    shares = np.asarray(draws, dtype=float)
    if len(shares) >= _PERCENTILES:
        return interval_of(value, shares)
    wide = _NORMAL * float(shares.std(ddof=1)) if len(shares) > 1 else 1.0
    return Interval(value, max(0.0, value - wide), min(1.0, value + wide))


def resampled_sums(values: npt.NDArray[np.float64], seed: int) -> npt.NDArray[np.float64]:
    """Sums of `values` over sessions drawn anew: each comes as often as a Poisson number of mean 1 says (the Poisson
    bootstrap), so that how many come varies as well as who.
    """
    generator = np.random.default_rng([seed, 1])
    if len(values) > _MANY:
        # So many that their sum is normal: its variance is that of a compound Poisson sum.
        return generator.normal(values.sum(), np.sqrt((values**2).sum()), REPLICATES)
    times = int(np.clip(_DRAWS // max(len(values), 1), _FEWEST, REPLICATES))
    return np.array([float(generator.poisson(1.0, len(values)) @ values) for _ in range(times)])
