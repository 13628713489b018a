"""Compares measured and predicted refusals for each run and phase, and arranges the phases as steps of load."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from reports.plan.load.offered_load import OfferedLoad, people_in
from reports.plan.load.phases import WHOLE, Phase
from reports.plan.load.population import Population
from reports.plan.prediction.blocking import Blocking, build_blocking, replayed
from reports.plan.prediction.theory import Theory, theory_of
from reports.plan.source import Source
from reports.plan.steps import Step, build_step


def build_measured(
    sources: Sequence[Source], offered: Sequence[OfferedLoad], seed: int
) -> tuple[list[Blocking], list[Step]]:
    """Return the comparisons, whole runs first, and the phases as steps."""
    wholes: list[Blocking] = []
    parts: list[Blocking] = []
    steps = []
    left = iter(offered)
    for source in sources:
        own = [next(left) for _ in source.phases]
        population, limit = _fitting(source, own), source.manifest.limit
        results = replayed(population, limit, seed) if population and limit is not None else []
        spans = [(phase.name, phase.low, phase.high) for phase in source.phases]
        if len(spans) > 1:
            theory = theory_of(population, is_poisson=None, is_steady=False) if population else None
            where = (source.manifest.run, WHOLE, spans[0][1], spans[-1][2])
            wholes.append(
                build_blocking(where, source.people, limit, population, theory, results, None, source.unknown)
            )
        for (name, low, high), load, held, phase in zip(spans, own, source.held, source.phases, strict=True):
            part = population.within(low, high) if population else None
            theory = _theory(part, load, phase)
            erlang = load.erlang.value if load.erlang else None
            where = (source.manifest.run, name, low, high)
            blocking = build_blocking(where, source.people, limit, part, theory, results, erlang, source.unknown)
            parts.append(blocking)
            came = people_in(source.people, phase)
            steps.append(build_step(load, blocking, int(came["served"].sum()), held))
    return [*wholes, *parts], steps


def _theory(part: Population | None, load: OfferedLoad, phase: Phase) -> Theory | None:
    if part is None:
        return None
    return theory_of(part, is_poisson=load.arrivals.poisson, is_steady=len(phase.cells) == 2)


def _fitting(source: Source, offered: Sequence[OfferedLoad]) -> Population | None:
    """Return the population; it keeps its arrival times if they are not a Poisson process."""
    if source.population is None:
        return None
    return replace(source.population, keeps_times=any(load.arrivals.poisson is False for load in offered))
