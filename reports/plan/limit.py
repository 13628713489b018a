"""Computes the limit to ask for: for each target of refusals, today and with more arrivals, with the leaks and without them.

Where a formula applies (`theory`), it is inverted. Otherwise a steady load is replayed at several limits, beginning at Erlang B's
answer with retries counted as arrivals. If the target is so low, or the load so high, that a replay would need a million people,
that first answer is the result, and is marked as such. The interval is that of the load: a bootstrap over sessions, carried
through Erlang B.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import numpy.typing as npt

from loadtests.model.maths.erlang import engset_servers, erlang_offered, erlang_servers
from reports.plan.load.interval import resampled_sums
from reports.plan.load.population import Population
from reports.plan.prediction.replay import steady
from reports.plan.prediction.theory import Kind, offered_each, slots

TARGETS = (0.05, 0.01, 0.001)
ARRIVALS = (1.0, 2.0, 5.0, 10.0)
_PERSONS = 12_000
_MOST_REPLAYS = 4
"""The most limits that are replayed for one figure."""
_FINE = 100
"""Limits are found to 1 %, and to at least one slot."""
_NONE = 1e-4
"""Used as the share of a replay without a refusal."""
_LEAST_TARGET = 0.005
"""A replay has too few refusals to measure lower shares."""
_MOST_SLOTS = 3000
"""With more, a replay would take minutes, and retries change little."""

By = Literal["erlang-b", "engset", "replay", "erlang-b-with-returning"]


@dataclass(frozen=True)
class Limit:
    """Slots to ask for."""

    target: float
    """Share of refused first attempts."""
    arrivals: float
    """Factor on today's arrivals."""
    leaks: bool
    erlang: float
    """OfferedLoad load."""
    slots: int
    low: int
    """Bounds of the 95 % interval of `slots`, given the length of the run."""
    high: int
    by: By


@dataclass(frozen=True)
class Today:
    """The load that the limit is for: the people of one phase."""

    population: Population
    """The people of that phase."""
    seconds: float
    kind: Kind
    others: float
    """Mean number of slots held by others."""

    @property
    def rate(self) -> float:
        """Arrivals of the open model a second."""
        return float(self.population.stays.rate[self.population.is_open].sum()) / self.seconds

    @property
    def held(self) -> npt.NDArray[np.float64]:
        """Seconds that each person holds a slot."""
        return self.population.stays.used + self.population.stays.tail


def build_limits(today: Today, seed: int) -> list[Limit]:
    """Return a limit for each target and number of arrivals, with and without leaks."""
    return [limit for leaks in (True, False) for times in ARRIVALS for limit in _limits(today, times, leaks, seed)]


def _limits(today: Today, times: float, leaks: bool, seed: int) -> Iterator[Limit]:
    population = scaled(today.population, times, leaks)
    stays = population.stays
    weighted = stays.rate * (stays.used + stays.tail) / today.seconds
    load = load_of(population, today)
    # The interval of the load, from resampled sessions.
    low, high = load * np.percentile(resampled_sums(weighted, seed), [2.5, 97.5]) / max(float(weighted.sum()), 1e-9)
    least_found = 0
    for target in TARGETS:
        found, kind = slots_for(population, today, load, target, seed)
        # Chance in a replay must not make a stricter target need fewer slots.
        found = least_found = max(found, least_found)
        # The width of the interval is from Erlang B, its position from what was found.
        middle = max(1, erlang_servers(load, target))
        least, most = (math.ceil(found * erlang_servers(float(end), target) / middle - 1e-9) for end in (low, high))
        yield Limit(target, times, leaks, load, found, min(least, found), max(most, found), kind)


def load_of(population: Population, today: Today) -> float:
    """Return the slots held if nobody were refused. For a fixed number of people it does not depend on how often they arrived,
    because refused people start anew.
    """
    stays = population.stays
    if not population.is_open.any() and population.closed_people:
        idle_load = offered_each(population)
        return len(population.closed_people) * idle_load / (1 + idle_load) + today.others
    return float((stays.rate * (stays.used + stays.tail)).sum()) / today.seconds + today.others


def scaled(population: Population, times: float, leaks: bool) -> Population:
    """Return `times` as many people, with their leaks or with each session closed when its person left."""
    changed = population.changed(arrivals=times)
    if leaks:
        return changed
    stays = changed.stays
    return replace(changed, stays=replace(stays, tail=np.zeros_like(stays.tail), endless=np.zeros_like(stays.endless)))


def slots_for(population: Population, today: Today, load: float, target: float, seed: int) -> tuple[int, By]:
    """Return the fewest slots for `target`, and the method."""
    if (by_formula := slots(today.kind, population, load, target)) is not None:
        return by_formula, today.kind
    if not population.is_open.any() and population.closed_people:
        guess = engset_servers(len(population.closed_people), offered_each(population), target)
        return _searched(population, today, guess, target, seed)[0], "replay"
    guess = with_returning(load, target, max((policy.retries for policy in population.policies), default=0))
    if guess > _MOST_SLOTS or target < _LEAST_TARGET:
        return guess, "erlang-b-with-returning"
    found, came = _searched(population, today, guess, target, seed)
    # Resampled people offer a little more or less: only the difference from Erlang B is taken from the replay.
    beyond = found - erlang_servers(came, target)
    return erlang_servers(load, target) + max(0, beyond), "replay"


def with_returning(load: float, target: float, retries: int) -> int:
    """Return Erlang B's slots if each refused person retries up to `retries` times, late enough to count as a new arrival
    (Cohen 1957): of A Erlang, all but the share target^(retries + 1) is served.
    """
    served = load * (1 - target ** (retries + 1))
    return erlang_servers(served / (1 - target), target)


def _searched(population: Population, today: Today, guess: int, target: float, seed: int) -> tuple[int, float]:
    """Return the fewest slots near `guess` whose replay refuses at most `target`, and the load of that replay."""
    rate = float(population.stays.rate[population.is_open].sum()) / today.seconds
    seen: list[tuple[int, float]] = []
    at = max(1, guess)
    for _ in range(_MOST_REPLAYS):
        result, came = steady(population, rate, at, seed, _PERSONS)
        seen.append((at, result.share))
        # Between two limits, refusals shrink by the same factor from slot to slot.
        following = _crossing(seen, target)
        if abs(following - at) <= max(1, at // _FINE):
            return following, came
        at = following
    return at, came


def _crossing(seen: Sequence[tuple[int, float]], target: float) -> int:
    """Return where the share crosses `target`, from the last two replays; from Erlang B's slope after the first."""
    (slots, share), earlier = seen[-1], seen[:-1]
    if not earlier:
        return max(1, _step(slots, share, target))
    before, other = min(earlier, key=lambda replayed: abs(math.log(max(replayed[1], _NONE) / target)))
    slope = (math.log(max(share, _NONE)) - math.log(max(other, _NONE))) / (slots - before) if slots != before else 0.0
    if slope >= 0:
        return max(1, slots + (1 if share > target else -1))
    return max(1, math.ceil(slots + (math.log(target) - math.log(max(share, _NONE))) / slope - 1e-9))


def _step(slots: int, share: float, target: float) -> int:
    """Return the limit at which Erlang B's blocking near `slots` goes from `share` to `target`."""
    return erlang_servers(erlang_offered(slots, min(max(share, _NONE), 0.999)), target)
