"""Computes the limit to ask for: for each target of refusals, today and with more arrivals, with the leaks and without them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from reports.plan.model import TARGETS, By, Model, Question, answer

ARRIVALS = (1.0, 2.0, 5.0, 10.0)


@dataclass(frozen=True)
class Limit:
    """Slots to ask for, with today's idle timeout and keep-alives."""

    target: float
    """Share of refused first attempts."""
    arrivals: float
    """Factor on today's arrivals."""
    leaks: bool
    erlang: float
    """Offered load."""
    slots: int
    low: int
    """Bounds of the 95 % interval of `slots`, given the length of the run."""
    high: int
    by: By


def build_limits(model: Model, today: Question) -> list[Limit]:
    """Return a limit for each target and number of arrivals, with and without leaks."""
    return [
        limit
        for leaks in (True, False)
        for times in ARRIVALS
        for limit in limits_of(
            model, replace(today, leak_share=today.leak_share if leaks else 0.0), times=times, leaks=leaks
        )
    ]


def limits_of(model: Model, question: Question, *, times: float, leaks: bool) -> Iterator[Limit]:
    """Yield the limit for each target at `times` the arrivals of the question."""
    found = answer(model, replace(question, arrivals_per_minute=times * question.arrivals_per_minute))
    for target in TARGETS:
        key = f"{target:g}"
        yield Limit(
            target,
            times,
            leaks,
            found.erlang,
            found.slots[key],
            found.slots_low[key],
            found.slots_high[key],
            model.by,
        )
