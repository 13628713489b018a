"""Builds the capacity plan from runs of one account."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd

from loadtests.model.people.profile import IDLE_RANGE
from loadtests.model.text.input_error import InputError, Mistake
from loadtests.model.text.wording import count, verb
from reports.plan.hidden import for_hidden_pages
from reports.plan.leaks import LeakCosts, build_leaks
from reports.plan.limit import Today, build_limits
from reports.plan.load.offered_load import OfferedLoad, build_offered_load, people_in
from reports.plan.load.phases import Phase
from reports.plan.measured import build_measured
from reports.plan.plan import SCHEMA_VERSION, CapacityPlan, PlannedRun, PlanOptions, Price
from reports.plan.prediction.blocking import replay_count
from reports.plan.prediction.expected import Expected, expect
from reports.plan.prediction.theory import theory_of
from reports.plan.source import Source, read_source
from reports.plan.steps import build_steps
from reports.plan.timeout import Timeout, build_timeout
from reports.plan.what_if import Question, WhatIf, build_what_if

ENOUGH = 30
"""First attempts that a phase needs to be the basis of a limit."""


def build_plan(folders: Sequence[Path], options: PlanOptions) -> CapacityPlan:
    """Build the plan from the runs in `folders`. Raises InputError if one is not readable, or they are not of one account."""
    return _plan(_sources(folders), options)


def _plan(sources: Sequence[Source], options: PlanOptions) -> CapacityPlan:
    """Build the plan from runs that were read."""
    phases = [(source, phase) for source in sources for phase in source.phases]
    offered = [build_offered_load(source.people, phase, options.seed) for source, phase in phases]
    blocking, steps = build_measured(sources, offered, options.seed)
    limit = sources[0].manifest.limit
    known = partial(
        CapacityPlan,
        schema_version=SCHEMA_VERSION,
        seed=options.seed,
        warnings=tuple(_warnings(sources)),
        simulated=any(source.manifest.simulated for source in sources),
        runs=tuple(map(_run, sources)),
        limit=limit,
        offered=tuple(offered),
        blocking=tuple(blocking),
        steps=build_steps(steps),
    )
    busiest = _busiest(offered)
    if busiest is None:
        source = sources[0]
        seconds = source.phases[-1].high if source.phases else 1.0
        return known(
            today=None,
            limits=(),
            price=None,
            timeout=_timeout(source, source.people, seconds, options.survives),
            leaks=LeakCosts((), None),
            what_if=None,
            expected=None,
            unknown=_why_unknown(sources, offered),
        )
    source, phase = phases[busiest]
    assert source.population is not None
    today = offered[busiest]
    people = people_in(source.people, phase)
    load = today.erlang.value if today.erlang else 0.0
    price = source.manifest.scenario.price_per_minute if source.manifest.scenario else None
    return known(
        today=today,
        limits=tuple(build_limits(_today(source, phase, today), options.seed)),
        price=_price(price, today),
        timeout=_timeout(source, people, phase.seconds, options.survives),
        leaks=build_leaks(people, phase.seconds, load, price),
        what_if=_what_if(today, people, limit),
        expected=_expected(source, options),
        unknown=None,
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
                problem = f"belongs to another account than {first.run}: its {what} is {here}, not {there}; plan each by itself"
                mistakes.append(Mistake(str(folder), "", problem))
    if mistakes:
        raise InputError(mistakes)
    return found


def _run(source: Source) -> PlannedRun:
    manifest = source.manifest
    seconds = source.phases[-1].high if source.phases else 0.0
    scenario = manifest.scenario.name if manifest.scenario else None
    return PlannedRun(
        manifest.run, scenario, manifest.started, manifest.simulated, seconds, manifest.limit, tuple(source.doubts)
    )


def _warnings(sources: Sequence[Source]) -> list[str]:
    doubts = [f"{source.manifest.run}: {doubt}" for source in sources for doubt in source.doubts]
    zombies = [(source.manifest.run, int(source.people["endless"].sum())) for source in sources]
    return doubts + [
        f"{run}: {count(endless, 'zombie')} held {verb(endless, 'its slot', 'their slots')} until the run ended; zombies"
        " accumulate, so there is no steady load, and the figures are valid for a run of this length only"
        for run, endless in zombies
        if endless
    ]


def _busiest(offered: Sequence[OfferedLoad]) -> int | None:
    """Return the index of the phase with the highest load; one with few arrivals only if there is no other."""
    known = [(place, load) for place, load in enumerate(offered) if load.erlang]
    large = [(place, load) for place, load in known if load.arrivals.n >= ENOUGH] or known
    return max(large, key=lambda pair: pair[1].erlang.value if pair[1].erlang else 0.0)[0] if large else None


def _today(source: Source, phase: Phase, offered: OfferedLoad) -> Today:
    assert source.population is not None
    population = replace(source.population.within(phase.low, phase.high), others=()).with_zombies_until(phase.high)
    is_steady = not source.population.others
    theory = theory_of(population, is_poisson=offered.arrivals.poisson, is_steady=is_steady)
    return Today(population, phase.seconds, theory.kind, source.others)


def _price(price: float | None, today: OfferedLoad) -> Price | None:
    if price is None:
        return None
    loads = (today.erlang, today.erlang_without_leaks)
    with_leaks, without = (None if load is None else load.value * 60 * price for load in loads)
    return Price(price, 60 * price, with_leaks, without)


def _timeout(source: Source, people: pd.DataFrame, seconds: float, survives: int) -> Timeout:
    scenario = source.manifest.scenario
    gaps = source.gaps[source.gaps["session"].isin(people["session"])]
    timeout = build_timeout(
        people,
        gaps,
        seconds,
        failing=source.failing,
        slack=source.slack,
        survives=survives,
        idle_range=scenario.idle_range if scenario else IDLE_RANGE,
    )
    return for_hidden_pages(timeout, source.manifest.people.values(), survives)


def _what_if(today: OfferedLoad, people: pd.DataFrame, limit: int | None) -> WhatIf | None:
    if today.holding is None or today.leak_share is None:
        return None
    leaks = people[people["leak"]]
    timeout = float(people["idle_timeout"].mean())
    timeout_of_leaks = float(leaks["idle_timeout"].mean()) if len(leaks) else timeout
    # A leak holds its slot for the timeout less the silence before its person left: this reproduces the recorded tails.
    silent = timeout_of_leaks - float(leaks["tail"].mean()) if len(leaks) else 0.0
    question = Question(
        today.arrivals.per_minute,
        today.holding.used + today.holding.quiet,
        today.leak_share,
        timeout_of_leaks,
        limit if limit is not None else max(1, int(np.ceil(today.erlang.value if today.erlang else 1))),
    )
    return build_what_if(question, silent)


def _expected(source: Source, options: PlanOptions) -> Expected | None:
    limit = options.changes.limit if options.changes.limit is not None else source.manifest.limit
    if not options.changes.any or limit is None or source.population is None:
        return None
    return expect(source.population, limit, options.changes, options.seed, replay_count(source.population))


def _why_unknown(sources: Sequence[Source], offered: Sequence[OfferedLoad]) -> str:
    reasons = [source.unknown for source in sources if source.unknown]
    reasons += [load.unknown for load in offered if load.unknown]
    return reasons[0] if reasons else "no session was requested"
