"""The distribution of a censored sample without a family: Kaplan and Meier 1958, doi 10.1080/01621459.1958.10501452."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.stats import CensoredData, ecdf

from loadtests.model.people.distribution import Distribution
from reports.fit.sample import Floats, Sample


@dataclass(frozen=True)
class Curve:
    """The share of values up to each of `values`, which are those seen."""

    values: Floats
    share: Floats

    def median(self) -> float | None:
        """Returns the median; None: too many values are censored."""
        at = int(np.searchsorted(self.share, 0.5))
        return float(self.values[at]) if at < len(self.values) else None


def kaplan_meier(sample: Sample) -> Curve:
    """Returns the curve. A rounded value counts as the middle of its interval; one beyond a bound counts as the bound."""
    ended = np.isfinite(sample.high) | (sample.low >= sample.at_most)
    middle = np.where(np.isfinite(sample.high), (sample.low + np.where(ended, sample.high, 0.0)) / 2, sample.low)
    middle = np.clip(middle, sample.at_least, sample.at_most)
    if sample.step:
        middle = np.round(middle)
    if not ended.any():
        return Curve(np.zeros(0), np.zeros(0))
    found = ecdf(CensoredData(uncensored=middle[ended], right=middle[~ended])).cdf
    return Curve(np.asarray(found.quantiles, dtype=float), np.asarray(found.probabilities, dtype=float))


def distance(curve: Curve, cdf: Floats) -> float:
    """Returns the Kolmogorov–Smirnov distance: the largest difference between the curve and a distribution function, which
    has the values `cdf` at the curve's values.
    """
    if not len(curve.share):
        return 1.0
    before = np.concatenate([[0.0], curve.share[:-1]])
    return float(max(np.abs(curve.share - cdf).max(), np.abs(before - cdf).max()))


def shares_below(distribution: Distribution, at: Floats) -> Floats:
    """Returns the distribution function of a profile's distribution at `at`, from its quantiles."""
    shares = (np.arange(4000) + 0.5) / 4000
    values = np.sort(np.array([distribution.quantile(float(share)) for share in shares]))
    return np.asarray(np.searchsorted(values, at, side="right") / 4000, dtype=float)
