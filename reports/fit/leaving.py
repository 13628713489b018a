"""The shares of the ways of leaving."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from loadtests.model.people.profile import Way
from reports.fit.estimate import Estimate, share_of

WAYS = (Way.CLOSE, Way.ABANDON, Way.CRASH, Way.ZOMBIE, Way.IMPATIENT)
"""Those that calls can show. The others are an abandoned session and a second one, of the same person or not."""
_FEWEST = 10


@dataclass(frozen=True)
class LeavingShares:
    """Of the people whose way is known."""

    shares: dict[Way, Estimate]
    unknown: int
    """People whose way is not known: see `departures`."""


def fit_leaving(left: pd.DataFrame, horizon: float, longest_silence: float) -> LeavingShares | None:
    """Returns the shares among the sessions in `left` (of `departures`); None: too few are known.

    A close is known at once, a leak only after a time-out and a zombie only after a long silence. So only those count who arrived
    so early that any way would have been known at the end, if they are half of all.
    """
    known = left["way"] != ""
    wait = left["idle_timeout"].max() if len(left) else 0.0
    if (left["way"] == Way.ZOMBIE.value).any() and np.isfinite(longest_silence):
        wait = max(wait, longest_silence)
    early = left["opened"] < horizon - wait - (left.loc[known, "length"].quantile(0.9) if known.any() else 0.0)
    cohort = left[early] if (early & known).sum() >= max(_FEWEST, known.sum() / 2) else left
    counts = cohort.loc[cohort["way"] != "", "way"].value_counts()
    impatient, decided = int(counts.get(Way.IMPATIENT.value, 0)), int(counts.sum())
    if decided < _FEWEST:
        return None
    # Impatience shows at once, so it is a share of all; the others are shares of those whose way is known.
    of_all = share_of(impatient, len(cohort))
    found = {
        way: _scaled(share_of(int(counts.get(way.value, 0)), max(decided - impatient, 1)), 1 - of_all.value)
        for way in WAYS
    }
    return LeavingShares({**found, Way.IMPATIENT: of_all}, int((~known).sum()))


def _scaled(share: Estimate, factor: float) -> Estimate:
    return Estimate(share.value * factor, share.low * factor, share.high * factor, share.n)


def without_zombies(leaving: LeavingShares) -> LeavingShares:
    """Returns the same with zombies as abandoned sessions: for a kind whose keep-alives have no known interval."""
    shares = dict(leaving.shares)
    zombie, abandon = shares.pop(Way.ZOMBIE), shares[Way.ABANDON]
    shares[Way.ABANDON] = Estimate(
        abandon.value + zombie.value, abandon.low + zombie.low, abandon.high + zombie.high, abandon.n
    )
    return LeavingShares(shares, leaving.unknown)
