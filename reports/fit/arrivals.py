"""How many people arrive, by hour of the day, with Poisson intervals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import chi2

from reports.fit.estimate import Estimate, rate_of
from reports.fit.sample import Floats

HOUR = 3600.0
_LEAST_SECONDS = 300.0
"""A part of an hour shorter than this says nothing about it."""
_ALPHA = 0.01


@dataclass(frozen=True)
class Hour:
    """One hour of the day."""

    hour: int
    seconds: float
    """How long it was recorded."""
    rate: Estimate
    """Arrivals a second."""


@dataclass(frozen=True)
class Arrivals:
    """The arrivals of one kind of person, or of all."""

    rate: Estimate
    """Arrivals a second, over the whole recording."""
    hours: tuple[Hour, ...]
    """In the order of the recording."""
    p: float | None
    """Of a test that all hours have one rate: chi-squared, by the index of dispersion. None: fewer than two hours."""

    @property
    def varies(self) -> bool:
        """Whether the hours differ by more than chance."""
        return self.p is not None and self.p < _ALPHA


def fit_arrivals(times: Sequence[Floats], spans: Sequence[tuple[float, float]]) -> Arrivals:
    """Returns the rates. `times`: arrivals of each recording, in seconds of it; `spans`: when each began (unix seconds) and how
    long it is.
    """
    counts, seconds = np.zeros(24), np.zeros(24)
    order: list[int] = []
    for arrived, (began, length) in zip(times, spans, strict=True):
        hours = ((began + arrived) // HOUR).astype(int) % 24
        counts += np.bincount(hours, minlength=24)
        at = began
        while at < began + length - 1e-6:
            hour, until = int(at // HOUR) % 24, min((at // HOUR + 1) * HOUR, began + length)
            seconds[hour] += until - at
            order += [hour] if hour not in order else []
            at = until
    whole = float(seconds.sum())
    known = [hour for hour in order if seconds[hour] >= _LEAST_SECONDS]
    return Arrivals(
        rate_of(int(counts.sum()), max(whole, 1e-9)),
        tuple(Hour(hour, float(seconds[hour]), rate_of(int(counts[hour]), float(seconds[hour]))) for hour in known),
        _p(counts[known], seconds[known]),
    )


def _p(counts: Floats, seconds: Floats) -> float | None:
    if len(counts) < 2 or not counts.sum():
        return None
    expected = counts.sum() * seconds / seconds.sum()
    return float(chi2.sf(((counts - expected) ** 2 / expected).sum(), len(counts) - 1))
