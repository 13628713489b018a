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
    known = left[left["way"] != ""]
    wait = left["idle_timeout"].max() if len(left) else 0.0
    if (known["way"] == Way.ZOMBIE.value).any() and np.isfinite(longest_silence):
        wait = max(wait, longest_silence)
    early = known["opened"] < horizon - wait - (known["length"].quantile(0.9) if len(known) else 0.0)
    cohort = known[early] if early.sum() >= max(_FEWEST, len(known) / 2) else known
    if len(cohort) < _FEWEST:
        return None
    counts = cohort["way"].value_counts()
    found = {way: share_of(int(counts.get(way.value, 0)), len(cohort)) for way in WAYS}
    return LeavingShares(found, int((left["way"] == "").sum()))
