"""Replays: people drawn out of a crowd, served by the rules that the sandbox serves, in virtual time.

Nobody acts within a replay: who is let in holds a slot for as long as they did, and the rules' own reaping ends it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import NamedTuple

import numpy as np

from loadtests.model.api.rules import DONE, Rules, Terms
from loadtests.model.maths.calendar_queue import CalendarQueue
from loadtests.model.people.draw import Draw
from reports.plan.crowd import Crowd, Places

_UNLIMITED = (0.0, float("inf"))


class Arrival(NamedTuple):
    """Somebody asks for a session."""

    mark: int
    """Place in the crowd's marks; -1: a session that is not ours, and not counted."""
    attempt: int
    """From 1."""
    resident: int
    """Place in the crowd's residents; -1: a person of the open model."""
    holds: float
    """Seconds, of what is not ours."""


@dataclass
class ReplayResult:
    """What a replay came to."""

    first: list[float] = field(default_factory=list)
    """When each first attempt was."""
    refused: list[float] = field(default_factory=list)
    """When each refused first attempt was."""
    attempts: int = 0
    refused_attempts: int = 0
    lost: int = 0
    held: float = 0.0
    """Seconds that those who came would hold a slot, were nobody refused."""

    @property
    def share(self) -> float:
        """Refused first attempts, as a share; 0 where there was none."""
        return len(self.refused) / len(self.first) if self.first else 0.0


def replays(crowd: Crowd, limit: int, seed: int, times: int) -> Iterator[ReplayResult]:
    """So many runs like the one that was made, but for `limit`."""
    for number in range(times):
        generator = np.random.default_rng([seed, number])
        yield _Replay(crowd, limit, generator).run(_arrivals(crowd, generator), crowd.end)


def steady(crowd: Crowd, rate: float, limit: int, seed: int, persons: int) -> tuple[ReplayResult, float]:
    """A load that lasts: about `persons` people who come at `rate` a second (and the residents, all of them there for as long),
    into an account that is as full as such a load fills it; and the load in Erlang that these people came to.

    The same people come at the same moments whatever the limit is.
    """
    generator = np.random.default_rng([seed, 3])
    held = crowd.marks.used + crowd.marks.tail
    length = float(np.average(held, weights=crowd.marks.rate)) if len(held) else 1.0
    residents = len(crowd.residents)
    end = persons / rate if rate else persons * length / max(residents, 1)
    tally = _Replay(crowd, limit, generator).run(_lasting(crowd, rate, end, generator), end)
    return tally, tally.held / end


def _arrivals(crowd: Crowd, generator: np.random.Generator) -> Iterator[tuple[float, Arrival]]:
    own = np.flatnonzero(crowd.is_open)
    if crowd.keeps_times:
        chosen = _others_alike(crowd, own, generator)
        times = crowd.t[own]
    else:
        chosen = np.repeat(own, generator.poisson(crowd.marks.rate[own]))
        begins, ends = crowd.low[chosen], crowd.high[chosen]
        times = begins + (ends - begins) * generator.uniform(size=len(chosen))
    yield from _people(times.tolist(), chosen.tolist())
    for number, resident in enumerate(crowd.residents):
        yield resident.enters, Arrival(-1, 1, number, 0.0)
    for low, high in crowd.others:
        yield low, Arrival(-1, 1, -1, high - low)


def _lasting(crowd: Crowd, rate: float, end: float, generator: np.random.Generator) -> Iterator[tuple[float, Arrival]]:
    own = np.flatnonzero(crowd.is_open)
    held = crowd.marks.used + crowd.marks.tail
    if len(own) and rate:
        weights = crowd.marks.rate[own] / crowd.marks.rate[own].sum()
        # Who is there already has been there for a part of their stay, and a long stay is likelier to be met.
        lasting = weights * held[own]
        there = int(generator.poisson(rate * float(lasting.sum())))
        met = generator.choice(own, there, p=lasting / lasting.sum()) if lasting.sum() else own[:0]
        for rest in (held[met] * generator.uniform(size=len(met))).tolist():
            yield 0.0, Arrival(-1, 1, -1, rest)
        chosen = generator.choice(own, generator.poisson(rate * end), p=weights)
        yield from _people(generator.uniform(0, end, len(chosen)).tolist(), chosen.tolist())
    for number, resident in enumerate(crowd.residents):
        pause = crowd.pauses()[resident.profile](float(generator.uniform()))
        yield pause, Arrival(-1, 1, number, 0.0)


def _people(times: Sequence[float], chosen: Sequence[int]) -> Iterable[tuple[float, Arrival]]:
    return ((t, Arrival(mark, 1, -1, 0.0)) for t, mark in zip(times, chosen, strict=True))


def _others_alike(crowd: Crowd, own: Places, generator: np.random.Generator) -> Places:
    chosen = own.copy()
    for profile in np.unique(crowd.marks.profile[own]):
        places = np.flatnonzero(crowd.marks.profile[own] == profile)
        chosen[places] = generator.choice(own[places], len(places))
    return chosen


class _Replay:
    """One account, and who is still to come."""

    def __init__(self, crowd: Crowd, limit: int, generator: np.random.Generator) -> None:
        numbers = count()
        self._rules = Rules(Terms(limit, idle_range=_UNLIMITED), lambda: str(next(numbers)))
        self._crowd = crowd
        self._policies = crowd.policies
        self._pauses = crowd.pauses()
        self._used, self._tail, self._profile, self._endless = (
            values.tolist() for values in (crowd.marks.used, crowd.marks.tail, crowd.marks.profile, crowd.marks.endless)
        )
        self._draw = Draw("replay", int(generator.integers(2**62)))
        self._pools = self._pools_of(generator)
        self._agenda: CalendarQueue[tuple[float, Arrival]] = CalendarQueue()
        self._end = 0.0

    def run(self, arrivals: Iterable[tuple[float, Arrival]], end: float) -> ReplayResult:
        tally = ReplayResult()
        self._end = end
        for arrival in arrivals:
            self._agenda.push(arrival)
        for t, came in self._agenda.due(end):
            if came.mark < 0 and came.resident < 0:
                self._rules.new(t, came.holds)
            elif came.mark < 0:
                self._ask(t, came._replace(mark=self._next_mark(came.resident)), tally)
            else:
                self._ask(t, came, tally)
        return tally

    def _ask(self, t: float, came: Arrival, tally: ReplayResult) -> None:
        mark = came.mark
        holds = self._end - t if self._endless[mark] else self._used[mark] + self._tail[mark]
        granted = self._rules.new(t, holds).code == DONE.code
        tally.attempts += 1
        if came.attempt == 1:
            tally.first.append(t)
            tally.held += holds
            if not granted:
                tally.refused.append(t)
        if granted:
            return self._again(t + self._used[mark], came)
        tally.refused_attempts += 1
        policy, told = self._policies[self._profile[mark]], t + self._crowd.answer
        if came.attempt <= policy.retries:
            wait = policy.wait(came.attempt, 0.0, self._draw)
            return self._agenda.push((told + wait, came._replace(attempt=came.attempt + 1)))
        tally.lost += 1
        return self._again(told, came)

    def _again(self, gone: float, came: Arrival) -> None:
        """A resident pauses, and comes again."""
        if came.resident < 0:
            return
        resident = self._crowd.residents[came.resident]
        at = gone + self._pauses[resident.profile](self._draw.uniform())
        if at < min(resident.leaves, self._end):
            self._agenda.push((at, Arrival(-1, 1, came.resident, 0.0)))

    def _next_mark(self, resident: int) -> int:
        pool = self._pools[self._crowd.residents[resident].profile]
        return pool[int(self._draw.uniform() * len(pool))]

    def _pools_of(self, generator: np.random.Generator) -> dict[int, list[int]]:
        """Of each profile with residents, marks to choose from: each as often as its rate says."""
        marks, pools = self._crowd.marks, {}
        for profile in {resident.profile for resident in self._crowd.residents}:
            own = np.flatnonzero(marks.profile == profile)
            if not len(own):
                continue
            rate = marks.rate[own]
            pools[profile] = generator.choice(own, 4 * len(own), p=rate / rate.sum()).tolist()
        return pools
