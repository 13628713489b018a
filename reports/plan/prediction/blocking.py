"""Compares measured refusals of first attempts with predicted ones.

The prediction's interval is that of a single run of the same length, from replays of resampled people (`replay`). Its value is
a formula's where one applies (`theory`), else the mean of the replays.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pandas as pd

from reports.plan.load.interval import Interval, single_run
from reports.plan.load.population import Population
from reports.plan.prediction.replay import ReplayResult, replays
from reports.plan.prediction.theory import Kind, Theory, blocking

_PERSONS = 200_000
"""Total of all replays together: they take some seconds."""
_FEWEST, _MOST = 16, 200
_BATCHES = 20
_STUDENT = 2.093
"""Student's t of 19 degrees of freedom, 97.5 %."""


@dataclass(frozen=True)
class Blocking:
    """Refused first attempts of one run, or of one of its phases."""

    run: str
    stretch: str
    """The name of the phase."""
    limit: int | None
    first_attempts: int
    refused: int
    measured: Interval | None
    """Share of first attempts. Refusals are clustered, so the interval is that of 20 batches. None: there were none."""
    by: Kind | None
    """The theory behind the prediction."""
    why: str
    """Why this theory, or why there is no prediction."""
    predicted: Interval | None
    """The expected share, and the 95 % interval of a single run of this length."""
    agrees: bool | None
    """Whether the measured share lies within that interval; None: unknown."""
    erlang_b: float | None
    """The share by Erlang B, for orientation where it does not apply."""


def replay_count(population: Population) -> int:
    """Return the number of replays of a run."""
    return int(np.clip(_PERSONS // max(len(population.t) + 10 * len(population.closed_people), 1), _FEWEST, _MOST))


def replayed(population: Population, limit: int, seed: int) -> list[ReplayResult]:
    """Return replays of the recorded run."""
    return list(replays(population, limit, seed, replay_count(population)))


def build_blocking(
    where: tuple[str, str, float, float],
    people: pd.DataFrame,
    limit: int | None,
    population: Population | None,
    theory: Theory | None,
    results: list[ReplayResult],
    offered: float | None,
    unknown: str | None,
) -> Blocking:
    """Compare the people who arrived in the phase `where` (run, name, start, end) with `results` of the whole run's replays."""
    run, name, low, high = where
    came = people[(people["t"] >= low) & (people["t"] < high)]
    refused = came["refused"].to_numpy(dtype=bool)
    measured = _measured(came["t"].to_numpy(dtype=float), refused, low, high)
    shares = [share for result in results if (share := _share(result, low, high)) is not None]
    if unknown or population is None or theory is None or limit is None or not shares:
        why = unknown or ("the account's limit is unknown" if limit is None else "no session was requested")
        return Blocking(run, name, limit, len(came), int(refused.sum()), measured, None, why, None, None, None)
    formula = blocking(theory.kind, population, offered or 0.0, limit)
    mean = float(np.mean(shares))
    predicted = single_run(mean if formula is None else formula, shares)
    agrees = predicted.low <= measured.value <= predicted.high if measured else None
    rough = blocking("erlang-b", population, offered, limit) if offered and population.is_open.any() else None
    return Blocking(
        run, name, limit, len(came), int(refused.sum()), measured, theory.kind, theory.why, predicted, agrees, rough
    )


def _share(result: ReplayResult, low: float, high: float) -> float | None:
    first, refused = (bisect_left(t, high) - bisect_left(t, low) for t in (result.first, result.refused))
    return refused / first if first else None


def _measured(
    t: np.ndarray[tuple[int], np.dtype[np.float64]],
    refused: np.ndarray[tuple[int], np.dtype[np.bool_]],
    low: float,
    high: float,
) -> Interval | None:
    if not len(t):
        return None
    share = float(refused.mean())
    if not refused.any():
        # The rule of three: with n attempts and no refusal, the 95 % bound is 3/n.
        return Interval(0.0, 0.0, min(1.0, 3 / len(t)))
    edges = np.linspace(low, high, _BATCHES + 1)
    batches = [(int(((t >= a) & (t < b)).sum()), int(refused[(t >= a) & (t < b)].sum())) for a, b in pairwise(edges)]
    # The error of a ratio: each batch's refusals against those expected at the overall share.
    spread = math.sqrt(sum((n - share * of) ** 2 for of, n in batches) * _BATCHES / (_BATCHES - 1)) / len(t)
    return Interval(share, max(0.0, share - _STUDENT * spread), min(1.0, share + _STUDENT * spread))
