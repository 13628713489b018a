"""Distribution functions of the families that a profile knows, in parameters that any real number may be.

A family's parameters here are logarithms, so that an optimiser needs no bounds and intervals stay positive: exponential: ln mean;
lognormal: ln median, ln sigma; uniform: ln low, ln width.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from scipy.special import log_ndtr, ndtr, ndtri

from loadtests.model.people.distribution import Distribution, Exponential, Lognormal, Uniform
from reports.fit.estimate import Estimate, Z
from reports.fit.sample import Floats

Z95 = 1.6448536269514722
"""Quantile of the normal distribution: a lognormal's p95 is median × exp(1.645 sigma)."""
_LEAST = 1e-9


@dataclass(frozen=True)
class Family:
    """A family; every function takes its parameters `p` first."""

    size: int
    """Number of parameters."""
    cdf: Callable[[Floats, Floats], Floats]
    log_pdf: Callable[[Floats, Floats], Floats]
    log_survival: Callable[[Floats, Floats], Floats]
    quantile: Callable[[Floats, Floats], Floats]
    start: Callable[[Floats], Floats]
    """First guess from uncensored values."""
    named: Callable[[Floats, Floats], dict[str, tuple[float, float, float]]]
    """The parameters as in a profile, each with its interval, from `p` and its covariance."""
    make: Callable[..., Distribution]


def _log_gap(p: Floats, x: Floats) -> Floats:
    return np.asarray((np.log(np.maximum(x, _LEAST)) - p[0]) / np.exp(p[1]))


def _uniform_cdf(p: Floats, x: Floats) -> Floats:
    return np.asarray(np.clip((x - np.exp(p[0])) / np.exp(p[1]), 0.0, 1.0), dtype=float)


def _lognormal_start(x: Floats) -> Floats:
    logs = np.log(np.maximum(x, _LEAST))
    return np.array([logs.mean(), np.log(max(float(logs.std()), 1e-3))])


def _uniform_start(x: Floats) -> Floats:
    return np.log(np.maximum([x.min() * 0.98, (x.max() - x.min()) * 1.04], _LEAST))


def _span(middle: float, error: float) -> tuple[float, float, float]:
    """Returns a positive figure and its interval, from its logarithm and that logarithm's standard error."""
    low, value, high = np.exp(np.clip([middle - Z * error, middle, middle + Z * error], -700, 700))
    return float(value), float(low), float(high)


def _exponential_named(p: Floats, cov: Floats) -> dict[str, tuple[float, float, float]]:
    return {"mean": _span(p[0], float(np.sqrt(cov[0, 0])))}


def _lognormal_named(p: Floats, cov: Floats) -> dict[str, tuple[float, float, float]]:
    slope = np.array([1.0, Z95 * np.exp(p[1])])
    p95 = p[0] + Z95 * np.exp(p[1])
    return {"median": _span(p[0], float(np.sqrt(cov[0, 0]))), "p95": _span(p95, float(np.sqrt(slope @ cov @ slope)))}


def _uniform_named(p: Floats, cov: Floats) -> dict[str, tuple[float, float, float]]:
    low, width = np.exp(p)
    slope = np.array([low, width])
    high, error = low + width, float(np.sqrt(slope @ cov @ slope))
    return {"low": _span(p[0], float(np.sqrt(cov[0, 0]))), "high": (float(high), high - Z * error, high + Z * error)}


FAMILIES: Mapping[str, Family] = MappingProxyType(
    {
        "exponential": Family(
            1,
            lambda p, x: -np.expm1(-np.maximum(x, 0.0) / np.exp(p[0])),
            lambda p, x: -p[0] - x / np.exp(p[0]),
            lambda p, x: -np.maximum(x, 0.0) / np.exp(p[0]),
            lambda p, u: -np.exp(p[0]) * np.log1p(-u),
            lambda x: np.array([np.log(max(float(x.mean()), _LEAST))]),
            _exponential_named,
            Exponential,
        ),
        "lognormal": Family(
            2,
            lambda p, x: np.asarray(np.where(x > 0, ndtr(_log_gap(p, x)), 0.0)),
            lambda p, x: -(_log_gap(p, x) ** 2) / 2 - np.log(np.maximum(x, _LEAST)) - p[1] - np.log(np.sqrt(2 * np.pi)),
            lambda p, x: np.asarray(np.where(x > 0, log_ndtr(-_log_gap(p, x)), 0.0)),
            lambda p, u: np.exp(p[0] + np.exp(p[1]) * ndtri(u)),
            _lognormal_start,
            _lognormal_named,
            Lognormal,
        ),
        "uniform": Family(
            2,
            _uniform_cdf,
            lambda p, x: np.where((x >= np.exp(p[0])) & (x <= np.exp(p[0]) + np.exp(p[1])), -p[1], -np.inf),
            lambda p, x: np.log(np.maximum(1.0 - _uniform_cdf(p, x), 1e-300)),
            lambda p, u: np.exp(p[0]) + np.exp(p[1]) * u,
            _uniform_start,
            _uniform_named,
            Uniform,
        ),
    }
)
"""By the name in a profile. `constant` needs no likelihood, and `empirical` has no parameters."""


def as_estimates(named: Mapping[str, tuple[float, float, float]], n: int) -> dict[str, Estimate]:
    """Returns named parameters as estimates."""
    return {name: Estimate(value, max(low, 0.0), high, n) for name, (value, low, high) in named.items()}
