"""Computes the idle timeout to choose: short enough to reap leaks soon, long enough not to reap quiet people.

Without keep-alives, a session is lost when a gap between two activities reaches the timeout. With keep-alives at a fixed interval
it is lost only if so many in a row fail that the timeout passes.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from loadtests.model.people.profile import IDLE_RANGE
from loadtests.model.text.wording import count

CANDIDATES = (30, 45, 60, 90, 120, 180, 240, 300, 600, 900, 1200, 1800, 2700, 3599)
"""Seconds, within the range of the API."""
SURVIVES = 2
"""Keep-alives in a row that may fail, by default."""
LEAST_INTERVAL = 15.0
"""Seconds; a convention: no more than four keep-alives a minute."""
TOLERABLE = 0.01
"""The accepted share of sessions lost to idleness without keep-alives."""

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Candidate:
    """One idle timeout, without keep-alives and with them."""

    idle_timeout: int
    """Seconds."""
    lost: float
    """Share of sessions lost to idleness without keep-alives."""
    leaked_slots: float
    """Mean number of slots held by leaks without keep-alives."""
    keep_alive: float
    """Seconds between keep-alives that tolerate the given number of failed ones."""
    lost_with: float
    """Share of sessions lost to idleness with keep-alives, given how often one failed in the run."""
    leaked_slots_with: float
    """Mean number of slots held by leaks with keep-alives: one shortly before the person left holds the slot longer."""
    keep_alives_an_hour: float
    """Of one open session."""


@dataclass(frozen=True)
class Pair:
    """An idle timeout and its interval of keep-alives."""

    idle_timeout: int
    keep_alive: float
    survives: int
    """Keep-alives in a row that may fail."""
    why: str


@dataclass(frozen=True)
class Timeout:
    """The trade-off."""

    sessions: int
    """Number of sessions."""
    longest_gap: float | None
    """Seconds; None: all were shorter than the shortest candidate."""
    failing: float
    """Share of keep-alives that failed or got no answer."""
    slack: float
    """Seconds of the timeout that are reserved for the answer to a keep-alive."""
    endless: int
    """Number of zombies, which are left out because no timeout frees their slots."""
    candidates: tuple[Candidate, ...]
    recommended: Pair | None
    without_keep_alives: int | None
    """The shortest candidate that loses at most 1 % of sessions without keep-alives; None: there is none."""
    unknown: str | None
    hidden: Pair | None = None
    """For pages that are hidden for minutes: see `reports.plan.hidden`. None: no candidate is long enough."""


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
    """Compare the candidates for the people who arrived in `seconds`, by the gaps of their sessions."""
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
    accepted = [candidate.idle_timeout for candidate in candidates if candidate.lost <= TOLERABLE]
    return Timeout(
        sessions,
        float(longest.max()) if len(longest) else None,
        failing,
        slack,
        endless,
        candidates,
        _recommended(candidates, survives, least_interval, slack),
        min(accepted, default=None),
        None,
    )


def interval_for(timeout: float, survives: int, slack: float) -> float:
    """Return the most whole seconds between keep-alives at which `survives` in a row may fail, and the next is in time."""
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
    # Each keep-alive of a long gap may be the first of a failing series.
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
    """Return the shortest timeout that allows the interval: a shorter timeout reaps leaks sooner."""
    for candidate in candidates:
        if candidate.keep_alive >= least:
            why = (
                f"the shortest timeout that tolerates {count(survives, 'failed keep-alive')} in a row with at least {least:g} s"
                f" between keep-alives ({slack:.1f} s are reserved for a slow answer)"
            )
            return Pair(candidate.idle_timeout, candidate.keep_alive, survives, why)
    return None
