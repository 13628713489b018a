"""The limit to ask for: for each target of refusals, today and at more arrivals, with the leaks and without them.

Where a formula holds (`theory`), it is inverted. Where none does, a load that lasts is replayed at one limit after the other,
beginning at what Erlang B says for arrivals among whom those who come back count once more; for a target so low that a replay
of it would need a million people, or a load so high, that beginning is the answer, and says so. The interval is in each case
that of the load: a bootstrap over sessions, carried through Erlang B.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import numpy.typing as npt

from loadtests.model.maths.erlang import engset_servers, erlang_offered, erlang_servers
from reports.plan.crowd import Crowd
from reports.plan.interval import resampled_sums
from reports.plan.replay import steady
from reports.plan.theory import Kind, offered_each, slots

TARGETS = (0.05, 0.01, 0.001)
ARRIVALS = (1.0, 2.0, 5.0, 10.0)
_PERSONS = 12_000
_LOOKS = 4
"""At the most so many limits are replayed for one figure."""
_FINE = 100
"""Limits are told apart by a hundredth, and by one slot where that is more."""
_NONE = 1e-4
"""Stands for the share of a replay that refused nobody."""
_LEAST_TARGET = 0.005
"""Refused ones of a replay are too few to tell lower shares."""
_MOST_SLOTS = 3000
"""Of more, a replay would take minutes; those who come back change little then."""

By = Literal["erlang-b", "engset", "replay", "erlang-b-with-returning"]


@dataclass(frozen=True)
class Limit:
    """Slots to ask for."""

    target: float
    """Refused first attempts, as a share."""
    arrivals: float
    """Times today's."""
    leaks: bool
    erlang: float
    """Offered load."""
    slots: int
    low: int
    """The 95 % interval of `slots`: what a run of this length leaves open."""
    high: int
    by: By


@dataclass(frozen=True)
class Today:
    """The load that the limit is for: people of one stretch, and how long that lasted."""

    crowd: Crowd
    """Its people alone."""
    seconds: float
    kind: Kind
    others: float
    """Slots held by others, on average."""

    @property
    def rate(self) -> float:
        """People of the open model, a second."""
        return float(self.crowd.marks.rate[self.crowd.is_open].sum()) / self.seconds

    @property
    def held(self) -> npt.NDArray[np.float64]:
        """Seconds that each holds a slot."""
        return self.crowd.marks.used + self.crowd.marks.tail


def build_limits(today: Today, seed: int) -> list[Limit]:
    """One for each target, number of arrivals, with and without leaks."""
    return [limit for leaks in (True, False) for times in ARRIVALS for limit in _limits(today, times, leaks, seed)]


def _limits(today: Today, times: float, leaks: bool, seed: int) -> Iterator[Limit]:
    crowd = scaled(today.crowd, times, leaks)
    marks = crowd.marks
    weighted = marks.rate * (marks.used + marks.tail) / today.seconds
    load = load_of(crowd, today)
    # As much more or less as sessions drawn anew hold.
    low, high = load * np.percentile(resampled_sums(weighted, seed), [2.5, 97.5]) / max(float(weighted.sum()), 1e-9)
    least_found = 0
    for target in TARGETS:
        found, kind = slots_for(crowd, today, load, target, seed)
        # A replay's chance must not make the stricter target the cheaper one.
        found = least_found = max(found, least_found)
        # How far the interval reaches is Erlang's; where it lies is what was found.
        middle = max(1, erlang_servers(load, target))
        least, most = (math.ceil(found * erlang_servers(float(end), target) / middle - 1e-9) for end in (low, high))
        yield Limit(target, times, leaks, load, found, min(least, found), max(most, found), kind)


def load_of(crowd: Crowd, today: Today) -> float:
    """Slots that would be held if nobody were refused. Of a fixed number of people that is no matter of how often they came:
    who is refused comes again.
    """
    marks = crowd.marks
    if not crowd.is_open.any() and crowd.residents:
        each = offered_each(crowd)
        return len(crowd.residents) * each / (1 + each) + today.others
    return float((marks.rate * (marks.used + marks.tail)).sum()) / today.seconds + today.others


def scaled(crowd: Crowd, times: float, leaks: bool) -> Crowd:
    """So many times the people, with their leaks or with each closed when its person left."""
    changed = crowd.changed(arrivals=times)
    if leaks:
        return changed
    marks = changed.marks
    return replace(changed, marks=replace(marks, tail=np.zeros_like(marks.tail), endless=np.zeros_like(marks.endless)))


def slots_for(crowd: Crowd, today: Today, load: float, target: float, seed: int) -> tuple[int, By]:
    """The fewest slots for `target`, and by what."""
    if (by_formula := slots(today.kind, crowd, load, target)) is not None:
        return by_formula, today.kind
    if not crowd.is_open.any() and crowd.residents:
        guess = engset_servers(len(crowd.residents), offered_each(crowd), target)
        return _searched(crowd, today, guess, target, seed)[0], "replay"
    guess = with_returning(load, target, max((policy.retries for policy in crowd.policies), default=0))
    if guess > _MOST_SLOTS or target < _LEAST_TARGET:
        return guess, "erlang-b-with-returning"
    found, came = _searched(crowd, today, guess, target, seed)
    # Who happened to be drawn offered a little more or less: only what a replay finds beyond Erlang B is taken from it.
    beyond = found - erlang_servers(came, target)
    return erlang_servers(load, target) + max(0, beyond), "replay"


def with_returning(load: float, target: float, retries: int) -> int:
    """Erlang B's slots where each of the refused comes back up to `retries` times, long enough after to find the account as any
    other arrival does (Cohen 1957): of A Erlang then all but the share target^(retries + 1) is served.
    """
    served = load * (1 - target ** (retries + 1))
    return erlang_servers(served / (1 - target), target)


def _searched(crowd: Crowd, today: Today, guess: int, target: float, seed: int) -> tuple[int, float]:
    """The fewest slots whose replay refuses no more than `target`, near `guess`; and the load that came in it."""
    rate = float(crowd.marks.rate[crowd.is_open].sum()) / today.seconds
    seen: list[tuple[int, float]] = []
    at = max(1, guess)
    for _ in range(_LOOKS):
        tally, came = steady(crowd, rate, at, seed, _PERSONS)
        seen.append((at, tally.share))
        # Between two limits, refusals shrink by the same factor from slot to slot.
        following = _crossing(seen, target)
        if abs(following - at) <= max(1, at // _FINE):
            return following, came
        at = following
    return at, came


def _crossing(seen: Sequence[tuple[int, float]], target: float) -> int:
    """Where the share crosses `target`, by the last two looks; by Erlang's slope after the first."""
    (slots, share), earlier = seen[-1], seen[:-1]
    if not earlier:
        return max(1, _step(slots, share, target))
    before, other = min(earlier, key=lambda look: abs(math.log(max(look[1], _NONE) / target)))
    slope = (math.log(max(share, _NONE)) - math.log(max(other, _NONE))) / (slots - before) if slots != before else 0.0
    if slope >= 0:
        return max(1, slots + (1 if share > target else -1))
    return max(1, math.ceil(slots + (math.log(target) - math.log(max(share, _NONE))) / slope - 1e-9))


def _step(slots: int, share: float, target: float) -> int:
    """The limit at which Erlang's blocking has moved from `share` to `target` as it does near `slots`."""
    return erlang_servers(erlang_offered(slots, min(max(share, _NONE), 0.999)), target)
