"""Measured against predicted: how many first attempts were refused, and how many had to be expected.

The prediction's interval is that of a single run of the same length: it comes from replays of people drawn anew out of those
seen (`replay`). The value is a formula's where one holds (`theory`), else the replays' mean.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pandas as pd

from reports.plan.crowd import Crowd
from reports.plan.interval import Interval, single_run
from reports.plan.replay import ReplayResult, replays
from reports.plan.theory import Kind, Theory, blocking

_PERSONS = 200_000
"""That all replays together let ask: some seconds."""
_FEWEST, _MOST = 16, 200
_BATCHES = 20
_STUDENT = 2.093
"""Student's t of 19 degrees of freedom, 97.5 %."""


@dataclass(frozen=True)
class Blocking:
    """Refused first attempts of one run, or of one stretch of it."""

    run: str
    stretch: str
    limit: int | None
    first_attempts: int
    refused: int
    measured: Interval | None
    """As a share of first attempts; refusals come in bunches, so the interval is that of twenty batches. None: nobody asked."""
    by: Kind | None
    """Which theory the prediction is by."""
    why: str
    """Why this one, or why there is no prediction."""
    predicted: Interval | None
    """The share to expect, and within what a single run of this length lies in 95 of 100 cases."""
    agrees: bool | None
    """Whether what was measured lies within that; None: it cannot be told."""
    erlang_b: float | None
    """By Erlang B, for orientation where it is not what holds."""


def how_often(crowd: Crowd) -> int:
    """How many replays of a run are made."""
    return int(np.clip(_PERSONS // max(len(crowd.t) + 10 * len(crowd.residents), 1), _FEWEST, _MOST))


def replayed(crowd: Crowd, limit: int, seed: int) -> list[ReplayResult]:
    """So many runs like the one that was made."""
    return list(replays(crowd, limit, seed, how_often(crowd)))


def build_blocking(
    where: tuple[str, str, float, float],
    people: pd.DataFrame,
    limit: int | None,
    crowd: Crowd | None,
    theory: Theory | None,
    tallies: list[ReplayResult],
    offered: float | None,
    unknown: str | None,
) -> Blocking:
    """Of the people who came in the stretch `where` (run, name, from, until), against `tallies` of the whole run's replays."""
    run, name, low, high = where
    came = people[(people["t"] >= low) & (people["t"] < high)]
    refused = came["refused"].to_numpy(dtype=bool)
    measured = _measured(came["t"].to_numpy(dtype=float), refused, low, high)
    shares = [share for tally in tallies if (share := _share(tally, low, high)) is not None]
    if unknown or crowd is None or theory is None or limit is None or not shares:
        why = unknown or ("the account's limit was not told" if limit is None else "nobody asked for a session")
        return Blocking(run, name, limit, len(came), int(refused.sum()), measured, None, why, None, None, None)
    formula = blocking(theory.kind, crowd, offered or 0.0, limit)
    mean = float(np.mean(shares))
    predicted = single_run(mean if formula is None else formula, shares)
    agrees = predicted.low <= measured.value <= predicted.high if measured else None
    rough = blocking("erlang-b", crowd, offered, limit) if offered and crowd.is_open.any() else None
    return Blocking(
        run, name, limit, len(came), int(refused.sum()), measured, theory.kind, theory.why, predicted, agrees, rough
    )


def _share(tally: ReplayResult, low: float, high: float) -> float | None:
    first = sum(low <= t < high for t in tally.first)
    return sum(low <= t < high for t in tally.refused) / first if first else None


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
        # The rule of three: with so many none of whom was refused, a share of up to 3/n would not have shown.
        return Interval(0.0, 0.0, min(1.0, 3 / len(t)))
    edges = np.linspace(low, high, _BATCHES + 1)
    batches = [(int(((t >= a) & (t < b)).sum()), int(refused[(t >= a) & (t < b)].sum())) for a, b in pairwise(edges)]
    # Of a ratio: each batch's refusals against those that its arrivals would have at the overall share.
    spread = math.sqrt(sum((n - share * of) ** 2 for of, n in batches) * _BATCHES / (_BATCHES - 1)) / len(t)
    return Interval(share, max(0.0, share - _STUDENT * spread), min(1.0, share + _STUDENT * spread))
