"""Predicts the refusals of another run of the same people, with another limit, share of leaks or number of arrivals."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from reports.plan.load.population import Population
from reports.plan.prediction.replay import replays

_WIDE = 1.96


@dataclass(frozen=True)
class Changes:
    """What differs from the recorded run; None: nothing."""

    limit: int | None = None
    arrivals: float = 1.0
    leak_share: float | None = None
    idle_timeout: float | None = None
    seconds: float | None = None
    """Duration of the other run's load, at most that of the recorded one."""
    keep_alive: float | None = None
    """Seconds between keep-alives."""

    @property
    def any(self) -> bool:
        """Whether anything differs."""
        return self != Changes()


@dataclass(frozen=True)
class Expected:
    """The share of first attempts that such a run refuses."""

    limit: int
    arrivals: float
    """Factor on the recorded arrivals."""
    leak_share: float | None
    idle_timeout: float | None
    seconds: float
    """Duration of the load."""
    share: float
    """Mean over many such runs."""
    low: float
    """Bounds of the mean's 95 % interval, since one run was the only sample."""
    high: float
    run_low: float
    """Bounds of the 95 % interval of a single run."""
    run_high: float
    lost: float
    """Share of people who never get a session."""


def expect(population: Population, limit: int, changes: Changes, seed: int, times: int) -> Expected:
    """Predict by `times` replays of resampled people."""
    changed = population.changed(changes.arrivals, changes.leak_share, changes.idle_timeout, changes.keep_alive)
    seconds = min(changes.seconds or population.end, population.end)
    results = list(replays(changed.until(seconds), limit, seed, times))
    shares = np.array([result.share for result in results])
    mean, spread = float(shares.mean()), _WIDE * float(shares.std())
    # The recorded sample varies as a run of its length does, and so does the predicted run.
    sampled = seconds / population.end if population.end else 1.0
    here, there = spread * sampled**0.5, spread * (1 + sampled) ** 0.5
    people = sum(len(result.first) for result in results)
    return Expected(
        limit,
        changes.arrivals,
        changes.leak_share,
        changes.idle_timeout,
        seconds,
        mean,
        max(0.0, mean - here),
        min(1.0, mean + here),
        max(0.0, mean - there),
        min(1.0, mean + there),
        sum(result.lost for result in results) / people if people else 0.0,
    )
