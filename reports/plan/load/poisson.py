"""Tests whether arrivals are a Poisson process, by two complementary tests.

The index of dispersion (variance over mean of the counts in equal windows) detects clustering and even spacing over many
arrivals; the Kolmogorov-Smirnov distance of the gaps from an exponential distribution detects another form. The mean gap is
estimated from the same gaps, so the textbook's p value would be far too high: it is computed from as many gaps drawn from an
exponential distribution, each sample with a mean of its own (Lilliefors 1969, doi 10.1080/01621459.1969.10500983).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

FEWEST = 30
"""Arrivals that the tests need."""
SIGNIFICANT = 0.01
"""Below this p value, arrivals are not a Poisson process. Low, because there are two tests."""
_SHARES = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99)
_A_WINDOW = 10
_SAMPLES = 499
_MOST = 5000


@dataclass(frozen=True)
class PoissonTest:
    """Whether first attempts are independent of each other."""

    n: int
    per_minute: float
    mean_gap: float | None
    """Seconds."""
    gap_variation: float | None
    """Standard deviation of the gaps over their mean; Poisson: 1."""
    dispersion: float | None
    """Variance over mean of the counts in windows of about ten arrivals; Poisson: 1."""
    dispersion_p: float | None
    distance: float | None
    """Kolmogorov and Smirnov's, of the gaps from an exponential distribution of their mean."""
    distance_p: float | None
    poisson: bool | None
    """None: too few arrivals to test."""
    gaps: tuple[Quantile, ...]
    """Quantiles of the gaps between arrivals."""


@dataclass(frozen=True)
class Quantile:
    """A quantile of the gaps between arrivals."""

    share: float
    seconds: float
    poisson: float
    """Seconds, of an exponential distribution of the same mean."""


def test_arrivals(t: Floats, low: float, high: float, seed: int) -> PoissonTest:
    """Test the arrivals at seconds `t` of a steady load from `low` to `high`."""
    t = np.sort(t)
    n, rate = len(t), 60 * len(t) / (high - low) if high > low else 0.0
    if n < FEWEST:
        return PoissonTest(n, rate, None, None, None, None, None, None, None, ())
    gaps = np.diff(t)
    mean = float(gaps.mean())
    dispersion, dispersion_p = _dispersion(t, low, high)
    distance, distance_p = _distance(gaps, seed)
    is_poisson = min(dispersion_p, distance_p) >= SIGNIFICANT
    variation = float(gaps.std()) / mean if mean else None
    return PoissonTest(
        n, rate, mean, variation, dispersion, dispersion_p, distance, distance_p, is_poisson, _quantiles(gaps)
    )


def _quantiles(gaps: Floats) -> tuple[Quantile, ...]:
    mean = float(gaps.mean())
    return tuple(Quantile(share, float(np.quantile(gaps, share)), -mean * math.log(1 - share)) for share in _SHARES)


def _dispersion(t: Floats, low: float, high: float) -> tuple[float, float]:
    windows = max(3, len(t) // _A_WINDOW)
    counts, _ = np.histogram(t, bins=windows, range=(low, high))
    freedom = windows - 1
    statistic = float(((counts - counts.mean()) ** 2).sum() / counts.mean())
    # Wilson and Hilferty 1931 (doi 10.1073/pnas.17.12.684): the cube root of χ²/k is nearly normal.
    z = ((statistic / freedom) ** (1 / 3) - (1 - 2 / (9 * freedom))) / math.sqrt(2 / (9 * freedom))
    above = NormalDist().cdf(-z)
    return statistic / freedom, min(1.0, 2 * min(above, 1 - above))


def _distance(gaps: Floats, seed: int) -> tuple[float, float]:
    generator = np.random.default_rng([seed, 2])
    if len(gaps) > _MOST:
        gaps = generator.choice(gaps, _MOST, replace=False)
    seen = _from_exponential(gaps)
    drawn = (_from_exponential(generator.exponential(size=len(gaps))) for _ in range(_SAMPLES))
    return seen, (1 + sum(int(distance >= seen) for distance in drawn)) / (1 + _SAMPLES)


def _from_exponential(gaps: Floats) -> float:
    n = len(gaps)
    expected = 1 - np.exp(-np.sort(gaps) / max(float(gaps.mean()), 1e-12))
    steps = np.arange(n + 1) / n
    return float(max((steps[1:] - expected).max(), (expected - steps[:-1]).max()))
