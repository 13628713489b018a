"""How many kinds of person there are: a latent-class model (Goodman 1974, doi 10.1093/biomet/61.2.215), fitted by EM (Dempster,
Laird and Rubin 1977), its number of classes chosen by BIC (Schwarz 1978, doi 10.1214/aos/1176344136).

Within a class, features are independent. `features` has them as life tables, so each cell is a binomial of its own.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from reports.fit.features import Features
from reports.fit.sample import Floats

MOST_KINDS = 3
LEAST_SESSIONS = 40
"""Sessions of a kind below which it is not told apart."""
_LEAST_SHARE = 0.03
_STARTS = 6
_STEPS = 300
_MOST_SESSIONS = 10_000
_CERTAIN = 0.9
"""Mean probability of a session's kind below which the kinds could not be fitted apart."""
_MARGIN = 10.0
"""By how much BIC must fall: "very strong evidence" (Kass and Raftery 1995, doi 10.1080/01621459.1995.10476572)."""


@dataclass(frozen=True)
class Kinds:
    """To which kind each session belongs; kind 0 is the most frequent."""

    kind_of_each: npt.NDArray[np.int_]
    bic: tuple[float, ...]
    """For 1, 2, … kinds."""
    certainty: float
    """Mean probability of the kind to which a session is assigned."""
    separates: tuple[str, ...]
    """The features that differ, those first that tell most."""
    rejected: str
    """Why a number of kinds with a lower BIC was not used; "" if it was."""


@dataclass(frozen=True)
class _Classes:
    weights: Floats
    hazards: Floats
    log_likelihood: float


def find_kinds(features: Features, seed: int, most: int = MOST_KINDS) -> Kinds:
    """Returns the kinds, at most `most`."""
    reached, ended = features.reached, features.ended
    n = len(reached)
    generator = np.random.default_rng([seed, 20])
    part = generator.choice(n, _MOST_SESSIONS, replace=False) if n > _MOST_SESSIONS else np.arange(n)
    sample = reached[part], ended[part]
    fits = [_best(*sample, kinds, generator) for kinds in range(1, most + 1)]
    informative = int((ended.sum(axis=0) > 0).sum())
    bics = tuple(
        float(-2 * fit.log_likelihood + (len(fit.weights) * (informative + 1) - 1) * np.log(len(part))) for fit in fits
    )
    chosen, rejected = 0, ""
    for number in range(1, most):
        if bics[number] > bics[chosen] - _MARGIN:
            continue
        why = _doubt(fits[number], reached, ended)
        chosen, rejected = (chosen, f"{number + 1} kinds: {why}") if why else (number, "")
    share = _posterior(fits[chosen], reached, ended)
    order = np.argsort(-np.bincount(share.argmax(axis=1), minlength=chosen + 1), kind="stable")
    place = np.argsort(order)
    return Kinds(
        place[share.argmax(axis=1)],
        bics,
        float(share.max(axis=1).mean()),
        _separating(features, share) if chosen else (),
        rejected,
    )


def _best(reached: Floats, ended: Floats, kinds: int, generator: np.random.Generator) -> _Classes:
    starts = 1 if kinds == 1 else _STARTS
    return max(
        (_climb(reached, ended, kinds, generator) for _ in range(starts)), key=lambda classes: classes.log_likelihood
    )


def _climb(reached: Floats, ended: Floats, kinds: int, generator: np.random.Generator) -> _Classes:
    """EM from a random start."""
    # Near one session each, so that a class starts with what one person does.
    seeds = generator.choice(len(reached), kinds, replace=False)
    overall = (ended.sum(0) + 0.5) / (reached.sum(0) + 1)
    hazards = (ended[seeds] + 4 * overall) / (reached[seeds] + 4)
    classes = _Classes(np.full(kinds, 1 / kinds), hazards, -np.inf)
    for _ in range(_STEPS):
        joint = _joint(classes, reached, ended)
        top = joint.max(axis=1, keepdims=True)
        each = np.exp(joint - top)
        total = each.sum(axis=1, keepdims=True)
        likelihood = float((top + np.log(total)).sum())
        share = each / total
        ending, reaching = share.T @ ended, share.T @ reached
        weights = share.mean(axis=0)
        hazards = np.clip((ending + 0.01 * overall) / (reaching + 0.01), 1e-4, 1 - 1e-4)
        done = likelihood - classes.log_likelihood < 0.01
        classes = _Classes(weights, hazards, likelihood)
        if done:
            break
    return classes


def _joint(classes: _Classes, reached: Floats, ended: Floats) -> Floats:
    log_odds = np.log(classes.hazards).T, np.log1p(-classes.hazards).T
    return np.asarray(
        ended @ log_odds[0] + (reached - ended) @ log_odds[1] + np.log(np.maximum(classes.weights, 1e-12))
    )


def _posterior(classes: _Classes, reached: Floats, ended: Floats) -> Floats:
    joint = _joint(classes, reached, ended)
    each = np.exp(joint - joint.max(axis=1, keepdims=True))
    return np.asarray(each / each.sum(axis=1, keepdims=True))


def _doubt(classes: _Classes, reached: Floats, ended: Floats) -> str:
    """Why these kinds could not be fitted apart; "" if they can."""
    share = _posterior(classes, reached, ended)
    counts = np.bincount(share.argmax(axis=1), minlength=len(classes.weights))
    if counts.min() < max(LEAST_SESSIONS, _LEAST_SHARE * len(reached)):
        return f"one has only {counts.min()} sessions"
    certainty = float(share.max(axis=1).mean())
    if certainty < _CERTAIN:
        return f"a session's kind is certain by {certainty:.0%} only"
    return ""


def _separating(features: Features, share: Floats) -> tuple[str, ...]:
    """Names of the features by how much of the likelihood they explain."""
    reached, ended = share.T @ features.reached, share.T @ features.ended
    hazards = np.clip(ended / np.maximum(reached, 1e-9), 1e-4, 1 - 1e-4)
    whole = np.clip(ended.sum(0) / np.maximum(reached.sum(0), 1e-9), 1e-4, 1 - 1e-4)
    gain = (ended * np.log(hazards / whole) + (reached - ended) * np.log((1 - hazards) / (1 - whole))).sum(axis=0)
    by_name: dict[str, float] = {}
    for name, value in zip(features.names, gain, strict=True):
        by_name[name] = by_name.get(name, 0.0) + float(value)
    return tuple(sorted((name for name, value in by_name.items() if value > 20), key=lambda name: -by_name[name]))
