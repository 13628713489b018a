"""Computes the idle timeout to choose: short enough to reap leaks soon, long enough not to reap quiet people.

Without keep-alives, a session is lost when a gap between two activities reaches the timeout. With keep-alives at a fixed interval
it is lost only if so many in a row fail that the timeout passes.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from loadtests.model.people.profile import IDLE_RANGE
from loadtests.model.text.wording import count, percent
from reports.plan.model import Model, Question, tail

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
    """Mean number of slots held by leaks, without keep-alives or with those recorded."""
    keep_alive: float | None
    """Seconds between keep-alives that tolerate the given number of failed ones; null, as below: the API has no keep-alive."""
    lost_with: float | None
    """Share of sessions lost to idleness with keep-alives, given how often one failed in the run."""
    leaked_slots_with: float | None
    """Mean number of slots held by leaks with keep-alives: one shortly before the person left holds the slot longer."""
    keep_alives_an_hour: float | None
    """Of one open session."""


@dataclass(frozen=True)
class Pair:
    """An idle timeout and its interval of keep-alives."""

    idle_timeout: int
    keep_alive: float | None
    """Null: the API has no keep-alive."""
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
    """Number of zombies, whose slots no timeout frees."""
    candidates: tuple[Candidate, ...]
    recommended: Pair | None
    without_keep_alives: int | None
    """The shortest candidate that loses at most 1 % of sessions without keep-alives; None: there is none."""
    unknown: str | None
    survives: int = SURVIVES
    """Keep-alives in a row that may fail, at the candidates' intervals."""
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
    is_fixed: bool = False,
    has_keep_alive: bool = True,
    today: float | None = None,
) -> Timeout:
    """Compare the candidates for the people who arrived in `seconds`, by the gaps of their sessions. `is_fixed`: the API sets the
    timeout, the only one of `idle_range`. `today` is their idle timeout; None: unknown, or they have several.
    """
    sessions = int(people["served"].sum())
    endless = int(people["endless"].sum())
    if not sessions:
        return Timeout(0, None, failing, slack, endless, (), None, None, "no session was opened", survives)
    offered = [math.floor(idle_range[0])] if is_fixed else _candidates(idle_range, today)
    candidates = _compared(offered, people, gaps, seconds, failing, slack, survives)
    if not has_keep_alive:
        candidates = tuple(map(_without_keep_alives, candidates))
    accepted = [candidate.idle_timeout for candidate in candidates if candidate.lost <= TOLERABLE]
    recommended: Pair | None
    if is_fixed:
        recommended = _fixed(candidates[0], survives, slack)
    elif has_keep_alive:
        recommended = _recommended(candidates, survives, least_interval, slack, today)
    else:
        recommended = _long_enough(accepted, survives)
    return Timeout(
        sessions,
        float(gaps["gap"].max()) if len(gaps) else None,
        failing,
        slack,
        endless,
        candidates,
        recommended,
        min(accepted, default=None),
        None,
        survives,
    )


def with_model(timeout: Timeout, model: Model, today: Question) -> Timeout:
    """Return the same with the slots that leaks hold at today's load, as all of the plan has them."""
    leaks = today.arrivals_per_minute / 60 * today.leak_share
    return replace(
        timeout,
        candidates=tuple(
            replace(
                candidate,
                leaked_slots=leaks * tail(model, candidate.idle_timeout, None),
                leaked_slots_with=candidate.keep_alive
                and leaks * tail(model, candidate.idle_timeout, candidate.keep_alive),
            )
            for candidate in timeout.candidates
        ),
    )


def interval_for(timeout: float, survives: int, slack: float) -> float:
    """Return the most whole seconds between keep-alives at which `survives` in a row may fail, and the next is in time."""
    return max(1.0, math.floor((timeout - slack) / (survives + 1) + 1e-9))


def _candidates(idle_range: tuple[float, float], today: float | None) -> list[int]:
    """Return the usual timeouts that the API takes, and today's, if it is a whole number of seconds."""
    own = {int(today)} if today is not None and today.is_integer() and today >= CANDIDATES[0] else set()
    return sorted(timeout for timeout in {*CANDIDATES, *own} if idle_range[0] <= timeout <= idle_range[1])


def _compared(
    offered: Sequence[int],
    people: pd.DataFrame,
    gaps: pd.DataFrame,
    seconds: float,
    failing: float,
    slack: float,
    survives: int,
) -> tuple[Candidate, ...]:
    """Return a candidate for each timeout, by the longest gap of each session, all gaps, and how long leaks had been silent."""
    longest = gaps.groupby("session")["gap"].max().to_numpy(dtype=float)
    spaces = gaps["gap"].to_numpy(dtype=float)
    since = people.loc[people["leak"] & ~people["endless"], "since_spoke"].to_numpy(dtype=float)
    sessions = int(people["served"].sum())
    return tuple(
        _candidate(timeout, longest, spaces, since, sessions, seconds, failing, slack, survives) for timeout in offered
    )


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


def _without_keep_alives(candidate: Candidate) -> Candidate:
    return replace(candidate, keep_alive=None, lost_with=None, leaked_slots_with=None, keep_alives_an_hour=None)


def _recommended(
    candidates: tuple[Candidate, ...], survives: int, least: float, slack: float, today: float | None
) -> Pair | None:
    """Return the shortest timeout that allows the interval, but none longer than today's: a shorter one reaps leaks sooner."""
    reserved = _reserved(slack)
    tolerates = f"tolerates {count(survives, 'failed keep-alive')} in a row"
    for candidate in candidates:
        if candidate.keep_alive and candidate.keep_alive >= least:
            why = f"the shortest timeout that {tolerates} with at least {least:g} s between keep-alives {reserved}"
            return Pair(candidate.idle_timeout, candidate.keep_alive, survives, why)
        if candidate.idle_timeout == today:
            why = f"today’s timeout; a longer one would hold the slots of leaks for longer. The interval {tolerates} {reserved}"
            return Pair(candidate.idle_timeout, candidate.keep_alive, survives, why)
    return None


def _fixed(candidate: Candidate, survives: int, slack: float) -> Pair:
    """Return the only timeout that there is."""
    why = "the API sets it"
    if candidate.keep_alive is not None:
        why += f"; the interval tolerates {count(survives, 'failed keep-alive')} in a row {_reserved(slack)}"
    return Pair(candidate.idle_timeout, candidate.keep_alive, survives, why)


def _long_enough(accepted: list[int], survives: int) -> Pair | None:
    """Return the shortest timeout that loses few sessions at an API without keep-alives."""
    if not accepted:
        return None
    why = f"the shortest timeout that loses at most {percent(TOLERABLE)} of sessions; the API has no keep-alive"
    return Pair(min(accepted), None, survives, why)


def _reserved(slack: float) -> str:
    return f"({slack:.1f} s are reserved for a slow answer)"
