"""Replays a population in virtual time against an account with a limit.

People do not act in a replay: whoever is admitted holds a slot for the recorded time.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from operator import itemgetter
from typing import NamedTuple

import numpy as np

from loadtests.model.people.draw import Draw
from reports.plan.load.population import Places, Population
from reports.plan.prediction.held_slots import HeldSlots

_when = itemgetter(0)


class Arrival(NamedTuple):
    """One attempt to open a session."""

    stay: int
    """Index into the population's stays; -1: a foreign session, which is not counted."""
    attempt: int
    """Number of the attempt, from 1."""
    closed_person: int
    """Index into `closed_people`; -1: a person of the open model."""
    holds: float
    """Seconds that a foreign session holds its slot."""


@dataclass
class ReplayResult:
    """The result of one replay."""

    first: list[float] = field(default_factory=list)
    """Times of first attempts."""
    refused: list[float] = field(default_factory=list)
    """Times of refused first attempts."""
    attempts: int = 0
    refused_attempts: int = 0
    lost: int = 0
    held: float = 0.0
    """Seconds that all arrivals would hold a slot if nobody were refused."""

    @property
    def share(self) -> float:
        """Share of first attempts that was refused; 0 if there was none."""
        return len(self.refused) / len(self.first) if self.first else 0.0


def replays(population: Population, limit: int, seed: int, times: int) -> Iterator[ReplayResult]:
    """Yield `times` runs like the recorded one, with `limit`."""
    for number in range(times):
        generator = np.random.default_rng([seed, number])
        yield _Replay(population, limit, generator).run(_arrivals(population, generator), population.end)


def steady(population: Population, rate: float, limit: int, seed: int, persons: int) -> tuple[ReplayResult, float]:
    """Replay a steady load, beginning in its steady state, and return the result and the load in Erlang.

    About `persons` people arrive at `rate` a second; all closed people are present throughout. The same people arrive at the
    same times whatever the limit is.
    """
    generator = np.random.default_rng([seed, 3])
    held = population.stays.used + population.stays.tail
    length = float(np.average(held, weights=population.stays.rate)) if len(held) else 1.0
    closed_people = len(population.closed_people)
    end = persons / rate if rate else persons * length / max(closed_people, 1)
    result = _Replay(population, limit, generator).run(_lasting(population, rate, end, generator), end)
    return result, result.held / end


def _arrivals(population: Population, generator: np.random.Generator) -> Iterator[tuple[float, Arrival]]:
    own = np.flatnonzero(population.is_open)
    if population.keeps_times:
        chosen = _others_alike(population, own, generator)
        times = population.t[own]
    else:
        chosen = np.repeat(own, generator.poisson(population.stays.rate[own]))
        begins, ends = population.low[chosen], population.high[chosen]
        times = begins + (ends - begins) * generator.uniform(size=len(chosen))
    yield from _people(times.tolist(), chosen.tolist())
    for number, closed_person in enumerate(population.closed_people):
        yield closed_person.enters, Arrival(-1, 1, number, 0.0)
    for low, high in population.others:
        yield low, Arrival(-1, 1, -1, high - low)


def _lasting(
    population: Population, rate: float, end: float, generator: np.random.Generator
) -> Iterator[tuple[float, Arrival]]:
    own = np.flatnonzero(population.is_open)
    held = population.stays.used + population.stays.tail
    if len(own) and rate:
        weights = population.stays.rate[own] / population.stays.rate[own].sum()
        # Who is there already has been there for a part of their stay, and a long stay is likelier to be met.
        lasting = weights * held[own]
        there = int(generator.poisson(rate * float(lasting.sum())))
        met = generator.choice(own, there, p=lasting / lasting.sum()) if lasting.sum() else own[:0]
        for rest in (held[met] * generator.uniform(size=len(met))).tolist():
            yield 0.0, Arrival(-1, 1, -1, rest)
        chosen = generator.choice(own, generator.poisson(rate * end), p=weights)
        yield from _people(generator.uniform(0, end, len(chosen)).tolist(), chosen.tolist())
    for number, closed_person in enumerate(population.closed_people):
        pause = population.pauses()[closed_person.profile](float(generator.uniform()))
        yield pause, Arrival(-1, 1, number, 0.0)


def _people(times: Sequence[float], chosen: Sequence[int]) -> Iterable[tuple[float, Arrival]]:
    return ((t, Arrival(stay, 1, -1, 0.0)) for t, stay in zip(times, chosen, strict=True))


def _others_alike(population: Population, own: Places, generator: np.random.Generator) -> Places:
    chosen = own.copy()
    for profile in np.unique(population.stays.profile[own]):
        places = np.flatnonzero(population.stays.profile[own] == profile)
        chosen[places] = generator.choice(own[places], len(places))
    return chosen


class _Replay:
    """One account, and the arrivals that are due."""

    def __init__(self, population: Population, limit: int, generator: np.random.Generator) -> None:
        self._slots = HeldSlots(limit)
        self._population = population
        self._policies = population.policies
        self._pauses = population.pauses()
        self._used, self._tail, self._profile, self._endless = (
            values.tolist()
            for values in (
                population.stays.used,
                population.stays.tail,
                population.stays.profile,
                population.stays.endless,
            )
        )
        self._draw = Draw.of("replay", int(generator.integers(2**62)))
        self._pools = self._pools_of(generator)
        self._later: list[tuple[float, int, Arrival]] = []
        self._added = 0
        self._end = 0.0

    def run(self, arrivals: Iterable[tuple[float, Arrival]], end: float) -> ReplayResult:
        result = ReplayResult()
        self._end = end
        # Few attempts are added meanwhile: a heap of these is quicker than a queue of all.
        for t, came in self._in_order(sorted(arrivals, key=_when)):
            if t > end:
                break
            if came.stay < 0 and came.closed_person < 0:
                self._slots.take(t, came.holds)
            elif came.stay < 0:
                self._ask(t, came._replace(stay=self._next_stay(came.closed_person)), result)
            else:
                self._ask(t, came, result)
        return result

    def _in_order(self, arrivals: list[tuple[float, Arrival]]) -> Iterator[tuple[float, Arrival]]:
        """Yield the arrivals and, between them, the attempts that are added meanwhile."""
        later = self._later
        for arrival in arrivals:
            while later and later[0][0] < arrival[0]:
                t, _, came = heapq.heappop(later)
                yield t, came
            yield arrival
        while later:
            t, _, came = heapq.heappop(later)
            yield t, came

    def _add(self, t: float, came: Arrival) -> None:
        self._added += 1
        heapq.heappush(self._later, (t, self._added, came))

    def _ask(self, t: float, came: Arrival, result: ReplayResult) -> None:
        stay = came.stay
        holds = self._end - t if self._endless[stay] else self._used[stay] + self._tail[stay]
        granted = self._slots.take(t, holds)
        result.attempts += 1
        if came.attempt == 1:
            result.first.append(t)
            result.held += holds
            if not granted:
                result.refused.append(t)
        if granted:
            return self._again(t + self._used[stay], came)
        result.refused_attempts += 1
        policy, answered = self._policies[self._profile[stay]], t + self._population.answer
        if came.attempt <= policy.retries:
            wait = policy.wait(came.attempt, 0.0, self._draw)
            return self._add(answered + wait, came._replace(attempt=came.attempt + 1))
        result.lost += 1
        return self._again(answered, came)

    def _again(self, gone: float, came: Arrival) -> None:
        """Schedule the next session of a person of the closed model, after a pause."""
        if came.closed_person < 0:
            return
        closed_person = self._population.closed_people[came.closed_person]
        at = gone + self._pauses[closed_person.profile](self._draw.uniform())
        if at < min(closed_person.leaves, self._end):
            self._add(at, Arrival(-1, 1, came.closed_person, 0.0))

    def _next_stay(self, closed_person: int) -> int:
        pool = self._pools[self._population.closed_people[closed_person].profile]
        return pool[int(self._draw.uniform() * len(pool))]

    def _pools_of(self, generator: np.random.Generator) -> dict[int, list[int]]:
        """Return stays to choose from for each profile with closed people: each as often as its rate says."""
        stays, pools = self._population.stays, {}
        for profile in {closed_person.profile for closed_person in self._population.closed_people}:
            own = np.flatnonzero(stays.profile == profile)
            if not len(own):
                continue
            rate = stays.rate[own]
            pools[profile] = generator.choice(own, 4 * len(own), p=rate / rate.sum()).tolist()
        return pools
