"""The capacity plan: every question asked once, of one or more runs of one account. What plan.json holds and the page shows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pandas as pd

from loadtests.model.mistakes import InputError, Mistake
from loadtests.model.profile import IDLE_RANGE

from .blocking import Blocking, build_blocking, how_often, replayed
from .crowd import Crowd
from .expected import Changes, Expected, expect
from .leaks import Leaks, build_leaks
from .limit import Limit, Today, build_limits
from .offered import Offered, build_offered, people_in
from .source import Source, read_source
from .steps import Step, Steps, build_step, build_steps
from .stretches import WHOLE, Stretch
from .theory import Theory, theory_of
from .timeout import SURVIVES, Timeout, build_timeout
from .what_if import Question, WhatIf, build_what_if

SCHEMA_VERSION = 1
ENOUGH = 30
"""First attempts; a stretch of fewer is not what a limit is asked for by."""


@dataclass(frozen=True)
class Run:
    """One run that the plan is made of."""

    run: str
    scenario: str | None
    started: str
    simulated: bool
    """In virtual time: says nothing about the API's speed."""
    seconds: float
    """Of load."""
    limit: int | None
    doubts: tuple[str, ...]
    """Why its figures cannot be trusted; none: they can."""


@dataclass(frozen=True)
class Price:
    """What slots cost, by the scenario's price of an open session."""

    session_minute: float
    slot_hour: float
    """A slot that is held all the time."""
    today_an_hour: float | None
    """All sessions of today's load."""
    without_leaks_an_hour: float | None


@dataclass(frozen=True)
class Plan:
    """The plan. Times are seconds, loads Erlang, shares 0 to 1; null: it cannot be told."""

    schema_version: int
    seed: int
    """Of everything that is drawn: the same runs and seed give the same plan."""
    warnings: tuple[str, ...]
    """What to know before any figure is used."""
    simulated: bool
    """Whether any of the runs was in virtual time."""
    runs: tuple[Run, ...]
    limit: int | None
    """The account's, as advertised."""
    today: Offered | None
    """The busiest stretch of all runs: what the limit is asked for by."""
    offered: tuple[Offered, ...]
    """Of every stretch of every run."""
    blocking: tuple[Blocking, ...]
    """Of every run as a whole, then of every stretch."""
    limits: tuple[Limit, ...]
    price: Price | None
    timeout: Timeout
    leaks: Leaks
    steps: Steps
    what_if: WhatIf | None
    expected: Expected | None
    """Of another run, if one was asked about."""
    unknown: str | None
    """Why no limit can be told; None: it can."""


@dataclass(frozen=True)
class Options:
    """What the plan is asked for."""

    seed: int = 1
    survives: int = SURVIVES
    changes: Changes = field(default_factory=Changes)


def build_plan(folders: Sequence[Path], options: Options = Options()) -> Plan:
    """The plan out of the runs in `folders`; raises InputError if one is none, or they are not of one account."""
    return plan_of(_sources(folders), options)


def plan_of(sources: Sequence[Source], options: Options) -> Plan:
    """The plan out of what was read."""
    stretches = [(source, stretch) for source in sources for stretch in source.stretches]
    offered = [build_offered(source.people, stretch, options.seed) for source, stretch in stretches]
    blocking, steps = _measured(sources, offered, options.seed)
    limit = sources[0].manifest.limit
    busiest = _busiest(offered)
    warnings = tuple(_warnings(sources))
    runs = tuple(map(_run, sources))
    simulated = any(run.simulated for run in runs)
    if busiest is None:
        why = _why_unknown(sources, offered)
        return _unknown(options, warnings, runs, simulated, limit, offered, blocking, steps, sources, why)
    source, stretch = stretches[busiest]
    assert source.crowd is not None
    today = offered[busiest]
    people = people_in(source.people, stretch)
    load = today.erlang.value if today.erlang else 0.0
    price = source.manifest.scenario.price_per_minute if source.manifest.scenario else None
    return Plan(
        SCHEMA_VERSION,
        options.seed,
        warnings,
        simulated,
        runs,
        limit,
        today,
        tuple(offered),
        tuple(blocking),
        tuple(build_limits(_today(source, stretch, today), options.seed)),
        _price(price, today),
        _timeout(source, people, stretch.seconds, options.survives),
        build_leaks(people, stretch.seconds, load, price),
        build_steps(steps),
        _what_if(today, people, limit),
        _expected(source, options),
        None,
    )


def _sources(folders: Sequence[Path]) -> list[Source]:
    mistakes: list[Mistake] = []
    found = []
    for folder in folders:
        try:
            found.append(read_source(folder))
        except InputError as error:
            mistakes += error.mistakes
    first = found[0].manifest if found else None
    for folder, source in zip(folders, found, strict=False) if not mistakes else ():
        assert first is not None
        for what, here, there in (
            ("limit", source.manifest.limit, first.limit),
            ("host", source.manifest.host, first.host),
        ):
            is_local = what == "host" and source.manifest.sandbox and first.sandbox
            if here != there and not is_local:
                said = f"is not of the same account as {first.run}: its {what} is {here}, not {there}; plan for each by itself"
                mistakes.append(Mistake(str(folder), "", said))
    if mistakes:
        raise InputError(mistakes)
    return found


def _run(source: Source) -> Run:
    manifest = source.manifest
    seconds = source.stretches[-1].high if source.stretches else 0.0
    scenario = manifest.scenario.name if manifest.scenario else None
    return Run(
        manifest.run, scenario, manifest.started, manifest.simulated, seconds, manifest.limit, tuple(source.doubts)
    )


def _warnings(sources: Sequence[Source]) -> list[str]:
    said = [f"{source.manifest.run}: {doubt}" for source in sources for doubt in source.doubts]
    zombies = [(source.manifest.run, int(source.people["endless"].sum())) for source in sources]
    return said + [
        f"{run}: {endless} zombies held their slots until the run ended: the longer it lasts, the more of them, so there is no"
        " load that lasts; the figures are those of a run of this length"
        for run, endless in zombies
        if endless
    ]


def _measured(sources: Sequence[Source], offered: Sequence[Offered], seed: int) -> tuple[list[Blocking], list[Step]]:
    """Of each run as a whole, then of each stretch; and the stretches as steps."""
    wholes: list[Blocking] = []
    parts: list[Blocking] = []
    steps = []
    left = iter(offered)
    for source in sources:
        own = [next(left) for _ in source.stretches]
        crowd, limit = _fitting(source, own), source.manifest.limit
        tallies = replayed(crowd, limit, seed) if crowd and limit is not None else []
        spans = [(stretch.name, stretch.low, stretch.high) for stretch in source.stretches]
        if len(spans) > 1:
            theory = theory_of(crowd, is_poisson=None, is_steady=False) if crowd else None
            where = (source.manifest.run, WHOLE, spans[0][1], spans[-1][2])
            wholes.append(build_blocking(where, source.people, limit, crowd, theory, tallies, None, source.unknown))
        for (name, low, high), load, held, stretch in zip(spans, own, source.held, source.stretches, strict=True):
            part = _part(crowd, low, high) if crowd else None
            theory = _theory(part, load, stretch)
            erlang = load.erlang.value if load.erlang else None
            where = (source.manifest.run, name, low, high)
            blocking = build_blocking(where, source.people, limit, part, theory, tallies, erlang, source.unknown)
            parts.append(blocking)
            came = people_in(source.people, stretch)
            steps.append(build_step(load, blocking, int(came["served"].sum()), held))
    return [*wholes, *parts], steps


def _theory(part: Crowd | None, load: Offered, stretch: Stretch) -> Theory | None:
    if part is None:
        return None
    return theory_of(part, is_poisson=load.arrivals.poisson, is_steady=len(stretch.cells) == 2)


def _fitting(source: Source, offered: Sequence[Offered]) -> Crowd | None:
    """Who do not come by Poisson come when they came."""
    if source.crowd is None:
        return None
    return replace(source.crowd, keeps_times=any(each.arrivals.poisson is False for each in offered))


def _part(crowd: Crowd, low: float, high: float) -> Crowd:
    """Who came in a part of the run; of the closed model everybody, as often as their part of the run is long."""
    inside = ((crowd.t >= low) & (crowd.t < high)) | ~crowd.is_open
    part = np.where(crowd.is_open, 1.0, (high - low) / max(crowd.end, 1e-9))
    crowd = replace(crowd, marks=replace(crowd.marks, rate=crowd.marks.rate * part))
    residents = tuple(each for each in crowd.residents if each.enters < high and each.leaves > low)
    return replace(
        crowd,
        marks=crowd.marks.taken(inside),
        t=crowd.t[inside],
        low=crowd.low[inside],
        high=crowd.high[inside],
        residents=residents,
    )


def _busiest(offered: Sequence[Offered]) -> int | None:
    """The stretch of the highest load; of few people only if there is no other."""
    known = [(place, each) for place, each in enumerate(offered) if each.erlang]
    large = [(place, each) for place, each in known if each.arrivals.n >= ENOUGH] or known
    return max(large, key=lambda pair: pair[1].erlang.value if pair[1].erlang else 0.0)[0] if large else None


def _today(source: Source, stretch: Stretch, offered: Offered) -> Today:
    assert source.crowd is not None
    crowd = _bounded(replace(_part(source.crowd, stretch.low, stretch.high), others=()), stretch.high)
    is_steady = not source.crowd.others
    theory = theory_of(crowd, is_poisson=offered.arrivals.poisson, is_steady=is_steady)
    return Today(crowd, stretch.seconds, theory.kind, source.others)


def _bounded(crowd: Crowd, end: float) -> Crowd:
    """Zombies hold until `end`, and no longer: else a load that lasts would be none."""
    marks = crowd.marks
    until = np.maximum(0.0, end - crowd.t - marks.used)
    tail = np.where(marks.endless, np.minimum(marks.tail, until), marks.tail)
    return replace(crowd, marks=replace(marks, tail=tail, endless=np.zeros_like(marks.endless)))


def _price(price: float | None, today: Offered) -> Price | None:
    if price is None:
        return None
    loads = (today.erlang, today.erlang_without_leaks)
    with_leaks, without = (None if load is None else load.value * 60 * price for load in loads)
    return Price(price, 60 * price, with_leaks, without)


def _timeout(source: Source, people: pd.DataFrame, seconds: float, survives: int) -> Timeout:
    scenario = source.manifest.scenario
    gaps = source.gaps[source.gaps["session"].isin(people["session"])]
    return build_timeout(
        people,
        gaps,
        seconds,
        failing=source.failing,
        slack=source.slack,
        survives=survives,
        idle_range=scenario.idle_range if scenario else IDLE_RANGE,
    )


def _what_if(today: Offered, people: pd.DataFrame, limit: int | None) -> WhatIf | None:
    if today.holding is None or today.leak_share is None:
        return None
    leaks = people[people["leak"]]
    timeout = float(people["idle_timeout"].mean())
    timeout_of_leaks = float(leaks["idle_timeout"].mean()) if len(leaks) else timeout
    # So that today's tails come out as they were: what a leak holds is its timeout less what was over when its person went.
    silent = timeout_of_leaks - float(leaks["tail"].mean()) if len(leaks) else 0.0
    question = Question(
        today.arrivals.per_minute,
        today.holding.used + today.holding.quiet,
        today.leak_share,
        timeout_of_leaks,
        limit if limit is not None else max(1, int(np.ceil(today.erlang.value if today.erlang else 1))),
    )
    return build_what_if(question, silent)


def _expected(source: Source, options: Options) -> Expected | None:
    limit = options.changes.limit if options.changes.limit is not None else source.manifest.limit
    if not options.changes.any or limit is None or source.crowd is None:
        return None
    return expect(source.crowd, limit, options.changes, options.seed, how_often(source.crowd))


def _why_unknown(sources: Sequence[Source], offered: Sequence[Offered]) -> str:
    told = [source.unknown for source in sources if source.unknown] + [each.unknown for each in offered if each.unknown]
    return told[0] if told else "nobody asked for a session"


def _unknown(
    options: Options,
    warnings: tuple[str, ...],
    runs: tuple[Run, ...],
    simulated: bool,
    limit: int | None,
    offered: Sequence[Offered],
    blocking: Sequence[Blocking],
    steps: Sequence[Step],
    sources: Sequence[Source],
    why: str,
) -> Plan:
    """What can be said where the load cannot."""
    source = sources[0]
    seconds = source.stretches[-1].high if source.stretches else 1.0
    return Plan(
        SCHEMA_VERSION,
        options.seed,
        warnings,
        simulated,
        runs,
        limit,
        None,
        tuple(offered),
        tuple(blocking),
        (),
        None,
        _timeout(source, source.people, seconds, options.survives),
        Leaks((), None),
        build_steps(steps),
        None,
        None,
        why,
    )
