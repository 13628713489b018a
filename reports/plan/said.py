"""The plan in sentences: what a person is told first, on the terminal and at the top of the page."""

from __future__ import annotations

from collections.abc import Iterator

from loadtests.model.text.units import format_duration
from reports.plan.limit import Limit
from reports.plan.plan import CapacityPlan

DECIDES = 0.01
"""The target of refusals that the first sentence is about."""


def sentences(plan: CapacityPlan) -> Iterator[str]:
    """The answer first, then what qualifies it."""
    for warning in plan.warnings:
        yield f"Beware: {warning}."
    if plan.simulated:
        yield "Simulated: people and rules as in a live run, in virtual time; it says nothing about the API's speed."
    yield headline(plan)
    yield from filter(None, (_timeout(plan), _leaks(plan), _expected(plan)))


def headline(plan: CapacityPlan) -> str:
    """The limit to ask for."""
    asked = limit_for(plan, arrivals=1.0, leaks=True)
    if plan.unknown or asked is None:
        return f"Unknown: {plan.unknown or 'no load was seen'}, so no limit can be told."
    without = limit_for(plan, arrivals=1.0, leaks=False)
    spared = f"; {without.slots} without the leaks" if without and without.slots < asked.slots else ""
    against = f" The account has {plan.limit}." if plan.limit is not None else ""
    return (
        f"Ask for {asked.slots} slots ({asked.low} to {asked.high}): then 1 in 100 first attempts is refused at today's load of"
        f" {asked.erlang:.1f} Erlang{spared}.{against}"
    )


def limit_for(plan: CapacityPlan, *, arrivals: float, leaks: bool, target: float = DECIDES) -> Limit | None:
    """One of the limits; None: none was told."""
    fitting = (each for each in plan.limits if (each.arrivals, each.leaks, each.target) == (arrivals, leaks, target))
    return next(fitting, None)


def _timeout(plan: CapacityPlan) -> str | None:
    pair = plan.timeout.recommended
    if pair is None:
        return None
    without = plan.timeout.without_keep_alives
    alone = f"; without keep-alives {format_duration(without)}" if without else "; no timeout does without keep-alives"
    return (
        f"Idle timeout: {format_duration(pair.idle_timeout)} with a keep-alive each {format_duration(pair.keep_alive)}, "
        "which survives"
        f" {pair.survives} lost keep-alives in a row{alone}."
    )


def _leaks(plan: CapacityPlan) -> str | None:
    together = plan.leaks.together
    if together is None:
        return None
    saved = together.saves[f"{DECIDES:g}"]
    return f"Leaks hold {together.slots:.1f} slots on average; mending all of them lowers the limit by {saved}."


def _expected(plan: CapacityPlan) -> str | None:
    told = plan.expected
    if told is None:
        return None
    return (
        f"Another run of {format_duration(told.seconds)} with limit {told.limit}, {told.arrivals:g} times the arrivals"
        + (f", {told.leak_share:.0%} leaks" if told.leak_share is not None else "")
        + (f", idle timeout {told.idle_timeout:g} s" if told.idle_timeout is not None else "")
        + f": {told.share:.1%} of first attempts refused on average ({told.low:.1%} to {told.high:.1%}); a single run"
        f" {told.run_low:.1%} to {told.run_high:.1%}."
    )
