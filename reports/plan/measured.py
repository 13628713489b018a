"""What was refused in each stretch of each run, beside what theory or a replay says of it; and the stretches as steps of load."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from reports.plan.blocking import Blocking, build_blocking, replayed
from reports.plan.crowd import Crowd
from reports.plan.offered import Offered, people_in
from reports.plan.part import part_of
from reports.plan.source import Source
from reports.plan.steps import Step, build_step
from reports.plan.stretches import WHOLE, Stretch
from reports.plan.theory import Theory, theory_of


def build_measured(
    sources: Sequence[Source], offered: Sequence[Offered], seed: int
) -> tuple[list[Blocking], list[Step]]:
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
            part = part_of(crowd, low, high) if crowd else None
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
