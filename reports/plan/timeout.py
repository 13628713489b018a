"""The idle timeout to choose: short enough that leaks are soon reaped, long enough that nobody who is silent is.

Without keep-alives a session is lost as soon as a gap between two activities reaches the timeout. With keep-alives at interval
k it is lost only if so many in a row are lost that the timeout passes.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from loadtests.model.people.profile import IDLE_RANGE

CANDIDATES = (30, 45, 60, 90, 120, 180, 240, 300, 600, 900, 1200, 1800, 2700, 3599)
"""Seconds, within what the API takes."""
SURVIVES = 2
"""Keep-alives in a row that may be lost, where nothing else is said."""
LEAST_INTERVAL = 15.0
"""Seconds; a choice: more often than four times a minute is no keep-alive any more."""
TOLERABLE = 0.01
"""Sessions lost to idleness that are put up with, as a share, where there are no keep-alives."""

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Candidate:
    """One idle timeout, without keep-alives and with them."""

    idle_timeout: int
    """Seconds."""
    lost: float
    """Sessions lost to idleness without keep-alives, as a share of all."""
    leaked_slots: float
    """Slots that leaks hold on average, without keep-alives."""
    keep_alive: float
    """Seconds between keep-alives that survive the stated number of lost ones."""
    lost_with: float
    """Sessions lost to idleness with those, given how often a keep-alive failed in the run."""
    leaked_slots_with: float
    """Slots that leaks hold on average with those: a keep-alive shortly before the person went holds the slot longer."""
    keep_alives_an_hour: float
    """Of one open session that sends them throughout."""


@dataclass(frozen=True)
class Pair:
    """A timeout and the interval of keep-alives that go with it."""

    idle_timeout: int
    keep_alive: float
    survives: int
    """Keep-alives in a row that may be lost."""
    why: str


@dataclass(frozen=True)
class Timeout:
    """The trade-off."""

    sessions: int
    """Of which gaps were seen."""
    longest_gap: float | None
    """Seconds; None: none was longer than the shortest candidate."""
    failing: float
    """Keep-alives that failed or got no answer, as a share."""
    slack: float
    """Seconds that a keep-alive may take until it counts: kept apart from the timeout."""
    endless: int
    """Zombies: no timeout frees what they hold, so they are in none of the figures."""
    candidates: tuple[Candidate, ...]
    recommended: Pair | None
    without_keep_alives: int | None
    """The shortest candidate that loses no more than 1 % of sessions without any keep-alive; None: none does."""
    unknown: str | None


def build_timeout(
    people: pd.DataFrame,
    gaps: pd.DataFrame,
    seconds: float,
    *,
    failing: float,
    slack: float,
    survives: int = SURVIVES,
    least_interval: float = LEAST_INTERVAL,
    idle_range: tuple[float, float] = IDLE_RANGE,
) -> Timeout:
    """Out of the people who came in `seconds` and the gaps of sessions."""
    sessions = int(people["served"].sum())
    leaks = people[people["leak"] & ~people["endless"]]
    endless = int(people["endless"].sum())
    if not sessions:
        return Timeout(0, None, failing, slack, endless, (), None, None, "no session was opened")
    since = leaks["since_spoke"].to_numpy(dtype=float)
    longest = gaps.groupby("session")["gap"].max().to_numpy(dtype=float)
    allowed = [timeout for timeout in CANDIDATES if idle_range[0] <= timeout <= idle_range[1]]
    candidates = tuple(
        _candidate(
            timeout, longest, gaps["gap"].to_numpy(dtype=float), since, sessions, seconds, failing, slack, survives
        )
        for timeout in allowed
    )
    bearable = [each.idle_timeout for each in candidates if each.lost <= TOLERABLE]
    return Timeout(
        sessions,
        float(longest.max()) if len(longest) else None,
        failing,
        slack,
        endless,
        candidates,
        _recommended(candidates, survives, least_interval, slack),
        min(bearable, default=None),
        None,
    )


def interval_for(timeout: float, survives: int, slack: float) -> float:
    """The most whole seconds between keep-alives at which `survives` in a row may be lost, and the next is still in time."""
    return max(1.0, math.floor((timeout - slack) / (survives + 1) + 1e-9))


def _candidate(
    timeout: int,
    longest: Floats,
    gaps: Floats,
    since: Floats,
    sessions: int,
    seconds: float,
    failing: float,
    slack: float,
    survives: int,
) -> Candidate:
    interval = interval_for(timeout, survives, slack)
    lasting = gaps[gaps >= timeout]
    # Each keep-alive of a long gap may be the first of so many in a row that fail.
    chances = np.minimum(1.0, lasting / interval * failing ** (survives + 1))
    burnt = np.maximum(0.0, timeout - since)
    burnt_with = np.maximum(0.0, timeout - np.minimum(since, interval / 2))
    return Candidate(
        timeout,
        float((longest >= timeout).sum()) / sessions,
        float(burnt.sum()) / seconds,
        interval,
        float(chances.sum()) / sessions,
        float(burnt_with.sum()) / seconds,
        3600 / interval,
    )


def _recommended(candidates: tuple[Candidate, ...], survives: int, least: float, slack: float) -> Pair | None:
    """The shortest timeout that leaves room for the keep-alives: leaks are the sooner reaped, the shorter it is."""
    for each in candidates:
        if each.keep_alive >= least:
            why = (
                f"the shortest timeout at which keep-alives need not come more often than every {least:g} s for {survives} of"
                f" them in a row to be lost without harm ({slack:.1f} s are kept for a slow answer)"
            )
            return Pair(each.idle_timeout, each.keep_alive, survives, why)
    return None
