"""What people do after a refusal: how often they try again, and when. Only logs that number people show it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

_FEWEST = 10
_MEAN_SHORTENED = 0.75
"""A profile shortens each wait by up to half, by a quarter on average."""


@dataclass(frozen=True)
class Retries:
    """As in a profile's `on_refusal`."""

    retries: int
    backoff: float
    """Seconds before the first retry."""
    people: int
    """People who were refused."""


def fit_retries(persons: pd.DataFrame) -> Retries | None:
    """Returns what the refused in `persons` did; None: too few were refused, or nobody tried again under the same number."""
    refused = persons[persons["refused"].astype(bool)]
    again = refused[refused["attempts"] > 1]
    if len(again) < _FEWEST:
        return None
    gave_up = refused.loc[~refused["served"].astype(bool), "attempts"]
    most = gave_up.median() if len(gave_up) else again["attempts"].max()
    waits = again["first_wait"].dropna().to_numpy(dtype=float)
    return Retries(max(int(most) - 1, 1), float(np.mean(waits)) / _MEAN_SHORTENED, len(refused))
