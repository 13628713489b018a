"""Fits every family to a sample and chooses one by Akaike's information criterion (Akaike 1974, doi 10.1109/TAC.1974.1100705).

The likelihood of a value that was seen is its density; of one that is known to lie between `low` and `high`, the probability of
that interval (Klein and Moeschberger 2003, Survival Analysis, section 3.5).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.optimize import brentq, minimize, minimize_scalar

from loadtests.model.people.distribution import Constant, Distribution, Uniform
from reports.fit.estimate import Estimate, covariance, exact
from reports.fit.families import FAMILIES, Family, as_estimates
from reports.fit.kaplan_meier import Curve, distance, kaplan_meier, shares_below
from reports.fit.sample import Floats, Sample

_DROP = -math.log(0.05)
"""How far the log-likelihood of a uniform's bound may fall below its maximum: n × ln(width / range) is exponential, mean 1."""
_FARTHEST = 1e4
FEWEST_FIRM = 20
"""Values that are certain from which on the others have no say in the family."""


@dataclass(frozen=True)
class Fitted:
    """A fitted distribution."""

    kind: str
    parameters: dict[str, Estimate]
    """As in a profile."""
    distribution: Distribution
    n: int
    """Observations."""
    ended: int
    """Those of them that are not censored."""
    aic: dict[str, float]
    """Of each family that was fitted."""
    ks: float
    """Kolmogorov–Smirnov distance to the Kaplan–Meier curve; 0 to 1."""
    curve: Curve
    """What was observed."""


def fit_distribution(sample: Sample) -> Fitted:
    """Returns the family with the lowest AIC. Raises ValueError if no value was seen."""
    if not sample.ended:
        raise ValueError("every value is censored")
    if sample.is_constant:
        value = float(np.median(sample.points))
        return _fitted("constant", {"value": exact(value, len(sample))}, Constant(value=value), sample, {})
    sample = sample.clamped()
    firm = sample.firm() if sample.firm().ended >= FEWEST_FIRM else sample
    losses: dict[str, float] = {}
    found: dict[str, dict[str, Estimate]] = {}
    for name, family in FAMILIES.items():
        fitted = _parameters(name, firm)
        if fitted is not None and math.isfinite(fitted[0]):
            losses[name] = 2 * fitted[0] + 2 * family.size
            found[name] = fitted[1]
    best = min(losses, key=losses.__getitem__)
    parameters = found[best]
    if best != "uniform" and len(firm) < len(sample):
        # The bounds of a uniform distribution are only as sure as each value.
        parameters = (_parameters(best, sample) or (0.0, parameters))[1]
    return _fitted(best, parameters, distribution_of(best, parameters, sample.at_least, sample.at_most), sample, losses)


def _parameters(name: str, sample: Sample) -> tuple[float, dict[str, Estimate]] | None:
    """Returns the least loss of a family and its parameters; None: the likelihood has no maximum inside."""
    return _uniform(sample) if name == "uniform" and sample.seen.any() else _smooth(FAMILIES[name], sample)


def distribution_of(
    kind: str, parameters: dict[str, Estimate], at_least: float = 0.0, at_most: float = math.inf
) -> Distribution:
    """Returns a profile's distribution with these parameters and bounds."""
    values = {name: estimate.value for name, estimate in parameters.items()}
    bounds = {"at_least": at_least} if at_least else {}
    return FAMILIES[kind].make(**values, **bounds, at_most=at_most if math.isfinite(at_most) else None)


def loss_of(family: Family, sample: Sample) -> Callable[[Floats], float]:
    """Returns the negative log-likelihood of the family's parameters."""
    seen, right = sample.low[sample.seen], sample.low[np.isinf(sample.high)]
    within = ~sample.seen & np.isfinite(sample.high)
    low, high = sample.low[within], sample.high[within]

    def loss(p: Floats) -> float:
        if np.abs(p).max() > 50:
            return math.inf
        total = float(family.log_pdf(p, seen).sum()) + float(family.log_survival(p, right).sum())
        if len(low):
            total += float(np.log(np.maximum(family.cdf(p, high) - family.cdf(p, low), 1e-300)).sum())
        return -total if math.isfinite(total) else math.inf

    return loss


def _smooth(family: Family, sample: Sample) -> tuple[float, dict[str, Estimate]] | None:
    """Returns the least loss and the parameters of a family with a smooth likelihood."""
    loss = loss_of(family, sample)
    finite = np.where(np.isfinite(sample.high), (sample.low + np.minimum(sample.high, 1e12)) / 2, sample.low)
    found = minimize(loss, family.start(np.maximum(finite, 1e-3)), method="Nelder-Mead", options={"fatol": 1e-4})
    cov = covariance(loss, found.x)
    if cov is None:
        return None
    return float(found.fun), as_estimates(family.named(found.x, cov), len(sample))


def _uniform(sample: Sample) -> tuple[float, dict[str, Estimate]] | None:
    """Returns the least loss and the bounds of a uniform distribution.

    The likelihood grows up to the outermost values, so its second derivative tells nothing: each interval is where the
    log-likelihood is at most 3.0 below its maximum.
    """
    certain = np.isfinite(sample.high) | sample.seen
    low = float(np.where(sample.seen, sample.low, sample.high)[certain].min())
    outermost = float(np.where(np.isinf(sample.high) | sample.seen, sample.low, sample.low)[:].max())
    family, span = FAMILIES["uniform"], max(outermost - low, 1e-6)
    loss = loss_of(family, sample)

    def of(bottom: float, top: float) -> float:
        return loss(np.log([max(bottom, 1e-9), max(top - bottom, 1e-9)]))

    # A hair of width, so that the outermost values are inside.
    bottom, hair = low - 1e-9 * span - 1e-12, 1e-7 * span
    tops = minimize_scalar(
        lambda log: of(bottom, outermost + hair + math.exp(log)),
        bounds=(math.log(hair), math.log(_FARTHEST * span)),
        method="bounded",
    )
    top = outermost + hair + math.exp(float(tops.x))
    least = of(bottom, top)
    if not math.isfinite(least):
        return None
    high = _crossing(lambda x: of(bottom, x) - least - _DROP, top, top + span * _FARTHEST)
    below = _crossing(lambda x: of(x, top) - least - _DROP, bottom, 0.0)
    lower_top = (
        outermost
        if top - outermost < 0.001 * span
        else _crossing(lambda x: of(bottom, x) - least - _DROP, top, outermost + hair)
    )
    n, half = len(sample), sample.step / 2
    return least, {
        "low": Estimate(low, below - half, low + half, n),
        "high": Estimate(top, lower_top - half, high + half, n),
    }


def _crossing(excess: Callable[[float], float], inside: float, outside: float) -> float:
    """Returns where `excess` crosses 0 between two points; the outer one if it does not."""
    if not excess(outside) > 0:
        return outside
    return float(brentq(lambda x: min(excess(x), 1e6), inside, outside))


def _fitted(
    kind: str, parameters: dict[str, Estimate], distribution: Distribution, sample: Sample, aic: dict[str, float]
) -> Fitted:
    curve = kaplan_meier(sample)
    return Fitted(
        kind, parameters, distribution, len(sample), sample.ended, aic, ks_of(curve, distribution, sample.step), curve
    )


def ks_of(curve: Curve, distribution: Distribution, step: float = 0.0) -> float:
    """Returns the distance between a curve and a profile's distribution. Values that were rounded to multiples of `step` are
    compared where one value's interval ends and the next one's begins.
    """
    if step and len(curve.values):
        return float(np.abs(curve.share - shares_below(distribution, np.round(curve.values) + step / 2)).max())
    if isinstance(distribution, Constant):
        near = np.abs(curve.values - distribution.value) <= max(0.1, 0.01 * distribution.value)
        if not near.any():
            return 1.0
        first, last = np.flatnonzero(near)[[0, -1]]
        return float(max(curve.share[first - 1] if first else 0.0, 1.0 - curve.share[last]))
    keep = curve.values < distribution.bounds()[1] if not isinstance(distribution, Uniform) else curve.values >= 0
    # At an upper bound both jump to 1.
    inner = Curve(curve.values[keep], curve.share[keep])
    return distance(inner, shares_below(distribution, inner.values)) if keep.any() else 0.0
