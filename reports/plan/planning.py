"""From runs of one account to their plan: every question asked once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd

from loadtests.model.people.profile import IDLE_RANGE
from loadtests.model.text.input_error import InputError, Mistake
from reports.plan.blocking import how_often
from reports.plan.expected import Expected, expect
from reports.plan.leaks import LeakCosts, build_leaks
from reports.plan.limit import Today, build_limits
from reports.plan.measured import build_measured
from reports.plan.offered import Offered, build_offered, people_in
from reports.plan.part import bounded, part_of
from reports.plan.plan import SCHEMA_VERSION, CapacityPlan, PlannedRun, PlanOptions, Price
from reports.plan.source import Source, read_source
from reports.plan.steps import build_steps
from reports.plan.stretches import Stretch
from reports.plan.theory import theory_of
from reports.plan.timeout import Timeout, build_timeout
from reports.plan.what_if import Question, WhatIf, build_what_if

ENOUGH = 30
"""First attempts; a stretch of fewer is not what a limit is asked for by."""


def build_plan(folders: Sequence[Path], options: PlanOptions) -> CapacityPlan:
    """The plan out of the runs in `folders`; raises InputError if one is none, or they are not of one account."""
    return _plan(_sources(folders), options)


def _plan(sources: Sequence[Source], options: PlanOptions) -> CapacityPlan:
    """The plan out of what was read."""
    stretches = [(source, stretch) for source in sources for stretch in source.stretches]
    offered = [build_offered(source.people, stretch, options.seed) for source, stretch in stretches]
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
        seconds = source.stretches[-1].high if source.stretches else 1.0
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
    source, stretch = stretches[busiest]
    assert source.crowd is not None
    today = offered[busiest]
    people = people_in(source.people, stretch)
    load = today.erlang.value if today.erlang else 0.0
    price = source.manifest.scenario.price_per_minute if source.manifest.scenario else None
    return known(
        today=today,
        limits=tuple(build_limits(_today(source, stretch, today), options.seed)),
        price=_price(price, today),
        timeout=_timeout(source, people, stretch.seconds, options.survives),
        leaks=build_leaks(people, stretch.seconds, load, price),
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
                said = f"is not of the same account as {first.run}: its {what} is {here}, not {there}; plan for each by itself"
                mistakes.append(Mistake(str(folder), "", said))
    if mistakes:
        raise InputError(mistakes)
    return found


def _run(source: Source) -> PlannedRun:
    manifest = source.manifest
    seconds = source.stretches[-1].high if source.stretches else 0.0
    scenario = manifest.scenario.name if manifest.scenario else None
    return PlannedRun(
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


def _busiest(offered: Sequence[Offered]) -> int | None:
    """The stretch of the highest load; of few people only if there is no other."""
    known = [(place, each) for place, each in enumerate(offered) if each.erlang]
    large = [(place, each) for place, each in known if each.arrivals.n >= ENOUGH] or known
    return max(large, key=lambda pair: pair[1].erlang.value if pair[1].erlang else 0.0)[0] if large else None


def _today(source: Source, stretch: Stretch, offered: Offered) -> Today:
    assert source.crowd is not None
    crowd = bounded(replace(part_of(source.crowd, stretch.low, stretch.high), others=()), stretch.high)
    is_steady = not source.crowd.others
    theory = theory_of(crowd, is_poisson=offered.arrivals.poisson, is_steady=is_steady)
    return Today(crowd, stretch.seconds, theory.kind, source.others)


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


def _expected(source: Source, options: PlanOptions) -> Expected | None:
    limit = options.changes.limit if options.changes.limit is not None else source.manifest.limit
    if not options.changes.any or limit is None or source.crowd is None:
        return None
    return expect(source.crowd, limit, options.changes, options.seed, how_often(source.crowd))


def _why_unknown(sources: Sequence[Source], offered: Sequence[Offered]) -> str:
    told = [source.unknown for source in sources if source.unknown] + [each.unknown for each in offered if each.unknown]
    return told[0] if told else "nobody asked for a session"
