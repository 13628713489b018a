"""Another run of the same people: how many first attempts it refuses, at another limit, with other leaks, at more arrivals."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from reports.plan.crowd import Crowd
from reports.plan.replay import replays

_WIDE = 1.96


@dataclass(frozen=True)
class Changes:
    """What is to be otherwise than in the run; None: as it was."""

    limit: int | None = None
    arrivals: float = 1.0
    leak_share: float | None = None
    idle_timeout: float | None = None
    seconds: float | None = None
    """How long the other run lasts, at the most as long as this one did."""

    @property
    def any(self) -> bool:
        """Whether anything is."""
        return self != Changes()


@dataclass(frozen=True)
class Expected:
    """Refused first attempts of such a run, as a share."""

    limit: int
    arrivals: float
    """Times the run's."""
    leak_share: float | None
    idle_timeout: float | None
    seconds: float
    """Of load."""
    share: float
    """On average over many such runs."""
    low: float
    """The average lies between these in 95 of 100 cases: one run was the only sample."""
    high: float
    run_low: float
    """A single such run lies between these."""
    run_high: float
    lost: float
    """People who never get a session, as a share."""


def expect(crowd: Crowd, limit: int, changes: Changes, seed: int, times: int) -> Expected:
    """By so many replays of people drawn anew out of those of a run."""
    changed = crowd.changed(changes.arrivals, changes.leak_share, changes.idle_timeout)
    seconds = min(changes.seconds or crowd.end, crowd.end)
    tallies = list(replays(changed.until(seconds), limit, seed, times))
    shares = np.array([tally.share for tally in tallies])
    mean, spread = float(shares.mean()), _WIDE * float(shares.std())
    # The sample that was seen varies as a run of its length does; a run that is still to come does so as well.
    sampled = seconds / crowd.end if crowd.end else 1.0
    here, there = spread * sampled**0.5, spread * (1 + sampled) ** 0.5
    people = sum(len(tally.first) for tally in tallies)
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
        sum(tally.lost for tally in tallies) / people if people else 0.0,
    )
