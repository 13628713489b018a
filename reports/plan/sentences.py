"""Writes the plan as sentences, for the terminal and the top of the page."""

from __future__ import annotations

from collections.abc import Iterator

from loadtests.model.text.units import format_duration
from loadtests.model.text.wording import between, count, percent
from reports.plan.limit import Limit
from reports.plan.plan import CapacityPlan

DECIDES = 0.01
"""The target of refusals that the first sentence is about."""
WARNING = "Warning: "


def sentences(plan: CapacityPlan) -> Iterator[str]:
    """Yield the warnings, the answer, and then its details."""
    for warning in plan.warnings:
        yield f"{WARNING}{warning}."
    if plan.simulated:
        yield "Simulated: the run was in virtual time, so it says nothing about the API's speed."
    yield headline(plan)
    yield from filter(None, (_timeout(plan), _leaks(plan), _expected(plan)))


def headline(plan: CapacityPlan) -> str:
    """Return the limit to ask for."""
    needed = limit_for(plan, arrivals=1.0, leaks=True)
    if plan.unknown or needed is None:
        return f"Inconclusive: {plan.unknown or 'no load was recorded'}, so no limit can be computed."
    without = limit_for(plan, arrivals=1.0, leaks=False)
    saved = f"; without the leaks, {count(without.slots, 'slot')}" if without and without.slots < needed.slots else ""
    current = f" The account's limit is {plan.limit:,}." if plan.limit is not None else ""
    return (
        f"Ask for {count(needed.slots, 'slot')}{_bounds(needed)}: 1 in 100 first attempts is then refused at today's load of"
        f" {needed.erlang:,.1f} Erlang{saved}.{current}"
    )


def limit_for(plan: CapacityPlan, *, arrivals: float, leaks: bool, target: float = DECIDES) -> Limit | None:
    """Return one of the plan's limits; None: it was not computed."""
    fitting = (
        limit for limit in plan.limits if (limit.arrivals, limit.leaks, limit.target) == (arrivals, leaks, target)
    )
    return next(fitting, None)


def _bounds(limit: Limit) -> str:
    return "" if limit.low == limit.high else f" ({limit.low:,} to {limit.high:,})"


def _timeout(plan: CapacityPlan) -> str | None:
    pair = plan.timeout.recommended
    if pair is None:
        return None
    alone = plan.timeout.without_keep_alives
    without = f"{format_duration(alone)} suffices" if alone else "no timeout is long enough"
    return (
        f"Idle timeout: {format_duration(pair.idle_timeout)} with a keep-alive every {format_duration(pair.keep_alive)}, which"
        f" tolerates {count(pair.survives, 'failed keep-alive')} in a row; without keep-alives, {without}.{_hidden(plan)}"
    )


def _hidden(plan: CapacityPlan) -> str:
    pair = plan.timeout.hidden
    if pair is None:
        return " No timeout in the API's range is long enough for pages that are hidden for minutes."
    if pair == plan.timeout.recommended:
        return " It suits pages that are hidden for minutes."
    length, interval = format_duration(pair.idle_timeout), format_duration(pair.keep_alive)
    return f" In pages that are hidden for minutes: {length}, every {interval}."


def _leaks(plan: CapacityPlan) -> str | None:
    together = plan.leaks.together
    if together is None:
        return None
    saved = together.saves[f"{DECIDES:g}"]
    return f"Leaks hold {together.slots:,.1f} slots on average; fixing all leaks saves {count(saved, 'slot')}."


def _expected(plan: CapacityPlan) -> str | None:
    expected = plan.expected
    if expected is None:
        return None
    return (
        f"Another run of {format_duration(expected.seconds)} with a limit of {expected.limit:,},"
        f" {expected.arrivals:g} × the arrivals"
        + (f", {percent(expected.leak_share)} leaks" if expected.leak_share is not None else "")
        + (f", an idle timeout of {expected.idle_timeout:g} s" if expected.idle_timeout is not None else "")
        + f": {percent(expected.share)} of first attempts refused on average"
        f" ({between(expected.low, expected.high, percent)}); in a single run"
        f" {between(expected.run_low, expected.run_high, percent)}."
    )
