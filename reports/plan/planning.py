"""Builds the capacity plan from runs of one account."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import pandas as pd

from loadtests.model.run.manifest import Manifest
from loadtests.model.text.input_error import InputError, Mistake
from loadtests.model.text.units import format_duration
from loadtests.model.text.wording import between, count, verb
from reports.plan.api import PlannedApi, api_of
from reports.plan.fit import Today, build_model
from reports.plan.hidden import for_hidden_pages
from reports.plan.leaks import LeakCosts, build_leaks
from reports.plan.limit import build_limits
from reports.plan.load.offered_load import OfferedLoad, build_offered_load, people_in
from reports.plan.load.phases import WHOLE, Phase
from reports.plan.measured import build_measured
from reports.plan.model import Model, Question, answer
from reports.plan.plan import SCHEMA_VERSION, Asked, CapacityPlan, PlannedRun, PlanOptions, Price
from reports.plan.prediction.blocking import replay_count
from reports.plan.prediction.expected import Changes, Expected, expect
from reports.plan.prediction.theory import theory_of
from reports.plan.recommendation import build_choices, build_recommendation, question_of
from reports.plan.source import Source, read_source
from reports.plan.steps import build_steps
from reports.plan.timeout import Timeout, build_timeout, with_model
from reports.plan.what_if import build_what_if

ENOUGH = 30
"""First attempts that a phase needs to be the basis of a limit."""


def build_plan(folders: Sequence[Path], options: PlanOptions) -> CapacityPlan:
    """Build the plan from the runs in `folders`. Raises InputError if one is not readable, or they are not of one account."""
    basis = _basis(_sources(folders), options)
    busiest = _busiest(basis.offered)
    return _without_load(basis) if busiest is None else _for_load(basis, busiest)


@dataclass(frozen=True)
class _Basis:
    """What the plan is made from."""

    sources: Sequence[Source]
    """The runs that were read."""
    options: PlanOptions
    phases: Sequence[tuple[Source, Phase]]
    offered: Sequence[OfferedLoad]
    """The load of each phase."""

    @property
    def manifest(self) -> Manifest:
        """Of the first run: all are of its account."""
        return self.sources[0].manifest


def _basis(sources: Sequence[Source], options: PlanOptions) -> _Basis:
    phases = [(source, phase) for source in sources for phase in source.phases]
    return _Basis(
        sources, options, phases, [build_offered_load(source.people, phase, options.seed) for source, phase in phases]
    )


def _measured(basis: _Basis) -> Callable[..., CapacityPlan]:
    """Return the plan with what was measured; the result takes what depends on the load."""
    sources, seed = basis.sources, basis.options.seed
    blocking, steps = build_measured(sources, basis.offered, seed)
    return partial(
        CapacityPlan,
        schema_version=SCHEMA_VERSION,
        seed=seed,
        warnings=(*_warnings(sources), *_few(basis.offered)),
        simulated=any(source.manifest.simulated for source in sources),
        runs=tuple(map(_run, sources)),
        limit=basis.manifest.limit,
        api=api_of(basis.manifest),
        offered=tuple(basis.offered),
        blocking=tuple(blocking),
        steps=build_steps(steps),
    )


def _without_load(basis: _Basis) -> CapacityPlan:
    """Return the plan of runs whose load is not known: which idle timeout their clients need."""
    source = basis.sources[0]
    seconds = source.phases[-1].high if source.phases else 1.0
    return _measured(basis)(
        today=None,
        limits=(),
        price=None,
        timeout=_timeout(source, source.people, seconds, basis.options.survives, None),
        leaks=LeakCosts((), None),
        what_if=None,
        expected=None,
        unknown=_why_unknown(basis.sources, basis.offered),
        model=None,
        recommended=None,
        choices=(),
        asked=None,
    )


def _for_load(basis: _Basis, busiest: int) -> CapacityPlan:
    """Return the plan for the load of one phase, by its index."""
    (source, phase), load, options = basis.phases[busiest], basis.offered[busiest], basis.options
    measured, api = _measured(basis), api_of(basis.manifest)
    people, seconds = people_in(source.people, phase), phase.seconds
    model, today = build_model(_today(source, phase, load, _name(source, phase, basis.sources)), options.seed)
    timeout = with_model(_timeout(source, people, seconds, options.survives, _idle_timeout(people)), model, today)
    price = source.manifest.scenario.price_per_minute if source.manifest.scenario else None
    recommended = build_recommendation(model, today, timeout.recommended)
    settings = question_of(recommended, today) if recommended else today
    sent, limit = 3600 * source.keep_alives[source.phases.index(phase)] / seconds, basis.manifest.limit
    return measured(
        today=load,
        limits=tuple(build_limits(model, today)),
        price=_price(price, model, today),
        timeout=timeout,
        leaks=build_leaks(people, seconds, model, settings, price),
        what_if=build_what_if(model, today, settings if recommended else None),
        expected=_expected(source, options),
        unknown=None,
        model=model,
        recommended=recommended,
        choices=build_choices(
            model, today, timeout.recommended, api, limit=limit, keep_alives_an_hour=sent, price=price
        ),
        asked=_asked(model, today, options.changes, api),
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
            ("API", source.manifest.description.name, first.description.name),
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


def _few(offered: Sequence[OfferedLoad]) -> list[str]:
    busiest = _busiest(offered)
    if busiest is None or offered[busiest].arrivals.n >= ENOUGH:
        return []
    load = offered[busiest]
    return [f"{load.run}: {count(load.arrivals.n, 'first attempt')} in the busiest stage; at least {ENOUGH} are needed"]


def _busiest(offered: Sequence[OfferedLoad]) -> int | None:
    """Return the index of the phase with the highest load; one with few arrivals only if there is no other."""
    known = [(place, load) for place, load in enumerate(offered) if load.erlang]
    large = [(place, load) for place, load in known if load.arrivals.n >= ENOUGH] or known
    return max(large, key=lambda pair: pair[1].erlang.value if pair[1].erlang else 0.0)[0] if large else None


def _name(source: Source, phase: Phase, sources: Sequence[Source]) -> str:
    """Return the name of the load that the plan is for: "busiest stage: leaky clients, 25 s"."""
    of_run = f" of {phase.run}" if len(sources) > 1 else ""
    if sum(len(each.phases) for each in sources) == 1:
        return f"{phase.name}, {format_duration(phase.seconds)}"
    name = "whole load" if phase.name == WHOLE else phase.name
    return f"busiest {'run' if len(source.phases) == 1 else 'stage'}: {name}{of_run}, {format_duration(phase.seconds)}"


def _today(source: Source, phase: Phase, offered: OfferedLoad, name: str) -> Today:
    assert source.population is not None
    everyone = source.population.with_zombies_until(phase.high)
    population = replace(everyone.within(phase.low, phase.high), others=())
    is_steady = not source.population.others
    theory = theory_of(population, is_poisson=offered.arrivals.poisson, is_steady=is_steady)
    came = (everyone.t >= phase.low) & (everyone.t < phase.high)
    is_fixed = not population.is_open.any() and bool(population.closed_people)
    manifest = source.manifest
    return Today(
        population,
        phase.seconds,
        theory.kind,
        source.others,
        # Few people of the closed model arrive in one phase, but they are the same people throughout.
        None if is_fixed else replace(everyone.stays, endless=source.population.stays.endless).taken(came),
        name,
        manifest.limit,
        api_of(manifest).idle_range,
    )


def _price(price: float | None, model: Model, today: Question) -> Price | None:
    if price is None:
        return None
    with_leaks, without = (
        answer(model, question).erlang * 60 * price for question in (today, replace(today, leak_share=0.0))
    )
    return Price(price, 60 * price, with_leaks, without)


def _idle_timeout(people: pd.DataFrame) -> float | None:
    """Return the idle timeout of these people; None: they have several."""
    found = people["idle_timeout"].dropna().unique()
    return float(found[0]) if len(found) == 1 else None


def _timeout(source: Source, people: pd.DataFrame, seconds: float, survives: int, today: float | None) -> Timeout:
    api = api_of(source.manifest)
    gaps = source.gaps[source.gaps["session"].isin(people["session"])]
    timeout = build_timeout(
        people,
        gaps,
        seconds,
        failing=source.failing,
        slack=source.slack,
        survives=survives,
        idle_range=api.idle_range,
        is_fixed=api.is_fixed,
        has_keep_alive=api.has_keep_alive,
        today=today,
    )
    return for_hidden_pages(timeout, source.manifest.people.values(), survives)


def _asked(model: Model, today: Question, changes: Changes, api: PlannedApi) -> Asked | None:
    if not changes.any:
        return None
    low, high = api.idle_range
    timeout = changes.idle_timeout
    if changes.keep_alive is not None and not api.has_keep_alive:
        raise InputError.of("--keep-alive", f"must not be given: {api.name} has no keep-alive")
    if timeout is not None and api.is_fixed and timeout != low:
        raise InputError.of("--idle-timeout", f"must be {low:g} s: {api.name} sets the idle timeout (is {timeout:g})")
    if timeout is not None and not low <= timeout <= high:
        raise InputError.of(
            "--idle-timeout", f"must be {between(low, high, '{:g}'.format)} s, as the API takes (is {timeout:g})"
        )
    question = replace(
        today,
        arrivals_per_minute=today.arrivals_per_minute * changes.arrivals,
        leak_share=today.leak_share if changes.leak_share is None else changes.leak_share,
        idle_timeout=today.idle_timeout if timeout is None else timeout,
        limit=today.limit if changes.limit is None else changes.limit,
        keep_alive=changes.keep_alive,
    )
    if question.keep_alive is not None and question.keep_alive >= question.idle_timeout:
        problem = f"must be less than the idle timeout, {question.idle_timeout:g} s (is {question.keep_alive:g})"
        raise InputError.of("--keep-alive", problem)
    return Asked(question, answer(model, question))


def _expected(source: Source, options: PlanOptions) -> Expected | None:
    limit = options.changes.limit if options.changes.limit is not None else source.manifest.limit
    if not options.changes.any or limit is None or source.population is None:
        return None
    load, seconds = source.population.end, options.changes.seconds
    if seconds is not None and seconds > load + 1.0:
        problem = f"must be at most {format_duration(load)}, the load of the run (is {format_duration(seconds)})"
        raise InputError.of("--duration", problem)
    return expect(source.population, limit, options.changes, options.seed, replay_count(source.population))


def _why_unknown(sources: Sequence[Source], offered: Sequence[OfferedLoad]) -> str:
    reasons = [source.unknown for source in sources if source.unknown]
    reasons += [load.unknown for load in offered if load.unknown]
    return reasons[0] if reasons else "no session was requested"
