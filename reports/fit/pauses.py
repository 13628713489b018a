"""Separates thinking from quiet periods: the distribution of each, and the probability of a quiet period after a turn.

First gaps are thinking, with distribution T. A later gap is T with probability 1 − q, and T + Q otherwise. Both kinds are fitted
together by maximum likelihood, on counts in narrow cells; the distribution function of T + Q is the mean of Q's, shifted by
quantiles of T.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from scipy.optimize import minimize

from loadtests.model.people.distribution import Constant
from reports.fit.choice import Fitted, distribution_of, fit_distribution, ks_of
from reports.fit.estimate import Estimate, Z, covariance, share_of
from reports.fit.families import FAMILIES, Family, as_estimates
from reports.fit.kaplan_meier import Curve
from reports.fit.sample import Floats, Sample
from reports.fit.turns import Gaps

_CELLS = 400
_SHARES = np.concatenate([np.linspace(0, 0.96, 49), 1 - 0.04 * 0.6 ** np.arange(1, 19), [1.0]])
_QUANTILES, _WEIGHTS = (_SHARES[1:] + _SHARES[:-1]) / 2, np.diff(_SHARES)
"""Quantiles of thinking time and how much each counts: close at the upper end, where a distribution is long."""
_STRAY = 1e-6
"""Probability of a gap of any length, so that a single one outside the range does not decide."""
_FEWEST = 20
_STEP = 0.01
"""Of the second derivatives: about the error of a parameter, so that the cells' edges do not matter."""
_EPSILON = 0.2
"""Seconds by which a gap exceeds a constant thinking time if it contains a quiet period."""


@dataclass(frozen=True)
class Pauses:
    """Thinking, and quiet periods if there are any."""

    thinking: Fitted
    chance: Estimate | None
    """Probability that a quiet period follows a turn; None: later gaps look like the first."""
    quiet: Fitted | None


def fit_pauses(gaps: Gaps) -> Pauses:
    """Returns both. Raises ValueError if too few first gaps ended."""
    first, later = gaps.first, gaps.later
    if first.ended < _FEWEST:
        raise ValueError(f"only {first.ended} sessions had a first task")
    thinking = fit_distribution(first)
    if later.ended < _FEWEST:
        return Pauses(thinking, None, None)
    if isinstance(thinking.distribution, Constant):
        return _after_constant(thinking, thinking.distribution.value, later)
    return _together(thinking, first, later)


def _after_constant(thinking: Fitted, constant: float, later: Sample) -> Pauses:
    """With constant thinking, each later gap that is longer contains a quiet period of what exceeds it."""
    excess = later.low - constant
    is_quiet = excess > _EPSILON
    ended = later.seen
    quiet = Sample.of(excess[is_quiet], ended[is_quiet])
    told = ended | is_quiet
    if quiet.ended < _FEWEST:
        return Pauses(thinking, None, None)
    return Pauses(thinking, share_of(int(is_quiet.sum()), int(told.sum())), fit_distribution(quiet))


@dataclass(frozen=True)
class _Cells:
    """Counts by cell of those that ended, and of those censored, by the cell's lower edge."""

    edges: Floats
    ended: Floats
    censored: Floats

    @classmethod
    def of(cls, sample: Sample, edges: Floats) -> _Cells:
        ended = np.histogram(sample.low[sample.seen], edges)[0].astype(float)
        at = np.clip(np.searchsorted(edges, sample.low[~sample.seen], side="right") - 1, 0, len(edges) - 1)
        return cls(edges, ended, np.bincount(at, minlength=len(edges)).astype(float))

    def loss(self, cdf: Floats) -> float:
        """Returns the negative log-likelihood of a distribution function with these values at the edges."""
        inside = np.maximum(np.diff(cdf), 0.0) + _STRAY / len(self.ended)
        return -float(self.ended @ np.log(inside) + self.censored @ np.log(np.maximum(1 - cdf, 0.0) + _STRAY))


def _together(thinking: Fitted, first: Sample, later: Sample) -> Pauses:
    both = Sample(np.concatenate([first.low, later.low]), np.concatenate([first.high, later.high]))
    edges = _edges(both.low[both.seen])
    cells = _Cells.of(first, edges), _Cells.of(later, edges)
    family = FAMILIES[thinking.kind]
    size = family.size
    start = family.start(np.maximum(first.low[first.seen], 1e-3))

    def alone(p: Floats) -> float:
        cdf = family.cdf(p, edges)
        return cells[0].loss(cdf) + cells[1].loss(cdf)

    without = minimize(alone, start, method="Nelder-Mead")
    long = _beyond(thinking, later)
    # Half of the AIC. That there are quiet periods at all must be evident by BIC.
    extra = math.log(len(later)) * 3 / 2
    best: tuple[float, str, Floats] = (float(without.fun) + size - extra, "", without.x)
    if len(long) >= _FEWEST:
        for name, quiet in FAMILIES.items():
            loss = _mixed(family, quiet, cells, edges)
            q = min(max(len(long) / max(later.ended, 1), 0.01), 0.99)
            begin = np.concatenate([start, [math.log(q / (1 - q))], quiet.start(long)])
            found = minimize(loss, begin, method="Nelder-Mead", options={"maxfev": 1500, "fatol": 1e-2, "xatol": 1e-3})
            # Started again: a simplex that has collapsed at an edge of a uniform distribution goes on.
            found = minimize(
                loss, found.x, method="Nelder-Mead", options={"maxfev": 1500, "fatol": 1e-3, "xatol": 1e-4}
            )
            is_frequent = later.ended / (1 + math.exp(-found.x[size])) >= _FEWEST
            if is_frequent and found.fun + len(begin) < best[0]:
                best = float(found.fun) + len(begin), name, found.x
    if not best[1]:
        return Pauses(fit_distribution(both), None, None)
    return _named(thinking, family, FAMILIES[best[1]], best[1], cells, edges, best[2], later)


def _mixed(family: Family, quiet: Family, cells: tuple[_Cells, _Cells], edges: Floats) -> Callable[[Floats], float]:
    size = family.size

    def loss(p: Floats) -> float:
        if np.abs(p).max() > 30:
            return math.inf
        thinking = family.cdf(p[:size], edges)
        return cells[0].loss(thinking) + cells[1].loss(_later(family, quiet, p, edges, thinking))

    return loss


def _later(family: Family, quiet: Family, p: Floats, at: Floats, thinking: Floats) -> Floats:
    """Returns the distribution function of later gaps at `at`, where that of thinking is `thinking`."""
    size = family.size
    q = 1 / (1 + math.exp(-p[size]))
    shifts = family.quantile(p[:size], _QUANTILES)
    shifted = quiet.cdf(p[size + 1 :], at[:, None] - shifts[None, :]) @ _WEIGHTS
    return np.asarray((1 - q) * thinking + q * shifted)


def _named(
    thinking: Fitted,
    family: Family,
    quiet: Family,
    name: str,
    cells: tuple[_Cells, _Cells],
    edges: Floats,
    p: Floats,
    later: Sample,
) -> Pauses:
    size = family.size
    loss = _mixed(family, quiet, cells, edges)
    cov = np.full((len(p), len(p)), np.nan)
    # Each with the other held: a uniform distribution's bounds converge faster than the rest, and the likelihood has kinks there.
    for part in (slice(0, size + 1), slice(size + 1, len(p))):
        found_cov = covariance(_held(loss, p, part), p[part], _STEP)
        cov[part, part] = np.nan if found_cov is None else found_cov
    n = len(later)
    q = 1 / (1 + math.exp(-p[size]))
    error = math.sqrt(cov[size, size])
    ends = [1 / (1 + math.exp(-(p[size] + sign * Z * error))) for sign in (-1, 1)]
    own = as_estimates(family.named(p[:size], cov[:size, :size]), thinking.n + n)
    found = as_estimates(quiet.named(p[size + 1 :], cov[size + 1 :, size + 1 :]), n)
    bounds = thinking.distribution.at_least, thinking.distribution.at_most or math.inf
    thought = distribution_of(thinking.kind, own, *bounds)
    curve = _curve(cells[1])
    apart = float(
        np.abs(curve.share - _later(family, quiet, p, curve.values, family.cdf(p[:size], curve.values))).max()
    )
    fitted = Fitted(name, found, distribution_of(name, found), n, round(q * later.ended), {}, apart, curve)
    return Pauses(
        replace(thinking, parameters=own, distribution=thought, ks=ks_of(thinking.curve, thought)),
        Estimate(q, ends[0], ends[1], n),
        fitted,
    )


def _held(loss: Callable[[Floats], float], p: Floats, part: slice) -> Callable[[Floats], float]:
    """Returns the loss of the parameters in `part`, with the others as in `p`."""

    def of_part(values: Floats) -> float:
        whole = p.copy()
        whole[part] = values
        return loss(whole)

    return of_part


def _curve(cells: _Cells) -> Curve:
    """Returns the Kaplan–Meier curve of counts in cells, at their upper edges."""
    ended = cells.ended
    gone = np.concatenate([[0.0], np.cumsum(ended)[:-1]]) + np.cumsum(cells.censored)[:-1]
    at_risk = np.maximum(ended.sum() + cells.censored.sum() - gone, ended)
    hazard = np.divide(ended, at_risk, out=np.zeros_like(ended), where=at_risk > 0)
    return Curve(cells.edges[1:], 1 - np.cumprod(1 - hazard))


def _edges(values: Floats) -> Floats:
    """Returns the cells' edges: quantiles of the values, and even steps, so that both ends are fine."""
    quantiles = np.quantile(values, np.linspace(0, 1, _CELLS))
    even = np.linspace(0, values.max(), _CELLS // 2)
    return np.unique(np.round(np.concatenate([[0.0], quantiles, even, [values.max() * 1.0001 + 1e-6]]), 6))


def _beyond(thinking: Fitted, later: Sample) -> Floats:
    """Returns what exceeds nearly all thinking, of later gaps that ended."""
    most = thinking.distribution.quantile(0.995 if thinking.kind != "exponential" else 0.002)
    values = later.low[later.seen]
    return np.asarray(values[values > most])
