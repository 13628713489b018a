"""Writes the plan as sentences, for the terminal and the top of the page."""

from __future__ import annotations

from collections.abc import Iterator

from loadtests.model.text.units import format_duration
from loadtests.model.text.wording import between, count, percent
from reports.plan.api import offers
from reports.plan.plan import CapacityPlan
from reports.plan.recommendation import no_pair
from reports.plan.timeout import Pair

WARNING = "Warning: "
SIMULATED = "Simulated: "


def sentences(plan: CapacityPlan) -> Iterator[str]:
    """Yield the warnings, the answer, and then its details."""
    for warning in plan.warnings:
        yield f"{WARNING}{warning}."
    if plan.simulated:
        yield f"{SIMULATED}the run was in virtual time, so it says nothing about the API's speed."
    yield headline(plan)
    parts = (promise, _precision, _with_todays_timeout, _leaks, _timeout, _offered, asked, another_run)
    yield from filter(None, (part(plan) for part in parts))


def headline(plan: CapacityPlan) -> str:
    """Return what to ask for."""
    found = plan.recommended
    if plan.unknown or plan.model is None:
        return f"Inconclusive: {plan.unknown or 'no load was recorded'}, so no limit can be computed."
    if found is None:
        return f"Inconclusive: {no_pair(plan.api)}, so none can be recommended."
    timeout = None if plan.api.is_fixed else f"an idle timeout of {format_duration(found.idle_timeout)}"
    every = None if found.keep_alive is None else f"a keep-alive every {format_duration(found.keep_alive)}"
    settings = " and ".join(filter(None, (timeout, every)))
    slots = f"{count(found.limit, 'slot')}{_bounds(found.low, found.high)}"
    return f"Ask for {slots}{',' if timeout and every else ' and' if settings else ''}{' ' * bool(settings)}{settings}."


def promise(plan: CapacityPlan) -> str | None:
    """Return what the recommendation gives, and at which load."""
    found, model = plan.recommended, plan.model
    if found is None or model is None:
        return None
    today = plan.what_if.examples[0] if plan.what_if else None
    now = (
        f" The account's limit is {plan.limit:,}: {percent(today.answer.refused)} would be refused if this load lasted."
        if plan.limit is not None and today
        else ""
    )
    return (
        f"At most 1 in {1 / found.target:g} first attempts is then refused at today's load ({model.load}):"
        f" {today.answer.erlang if today else 0.0:,.1f} Erlang.{now}"
    )


def _precision(plan: CapacityPlan) -> str | None:
    """Return how sure the answer is."""
    found = plan.recommended
    if found is None or plan.unknown or found.low == found.high:
        return None
    return f"{found.low:,} to {found.high:,} slots is the 95 % interval; a run of four times the length halves it."


def _with_todays_timeout(plan: CapacityPlan) -> str | None:
    """Return what to ask for if the idle timeout stays; None: it is the recommended one."""
    stays, fixed = plan.choices[:2] if len(plan.choices) > 1 else (None, None)
    if stays is None or stays.slots is None or stays.question is None or plan.recommended is None:
        return None
    timeout = stays.question.idle_timeout
    if timeout == plan.recommended.idle_timeout:
        return None
    without = f", {fixed.slots:,} without the leaks" if fixed and fixed.slots is not None else ""
    return (
        f"If today's idle timeout of {format_duration(timeout)} stays, ask for {count(stays.slots, 'slot')}{without}."
    )


def _bounds(low: int, high: int) -> str:
    return "" if low == high else f" ({low:,} to {high:,})"


def _timeout(plan: CapacityPlan) -> str | None:
    pair = plan.timeout.recommended
    if pair is None:
        return None
    if pair.keep_alive is None:
        return _without_keep_alives(plan, pair)
    tolerates = f"The keep-alive interval tolerates {count(pair.survives, 'failed keep-alive')} in a row."
    if plan.api.is_fixed:
        return f"{tolerates}{_hidden(plan)}"
    alone = plan.timeout.without_keep_alives
    without = (
        f"{format_duration(alone)} is the shortest timeout that loses at most 1 % of sessions"
        if alone
        else "no timeout of the API is long enough"
    )
    return f"{tolerates} Without keep-alives, {without}.{_hidden(plan)}"


def _without_keep_alives(plan: CapacityPlan, pair: Pair) -> str:
    lost = next(each.lost for each in plan.timeout.candidates if each.idle_timeout == pair.idle_timeout)
    timeout = format_duration(pair.idle_timeout)
    return f"An idle timeout of {timeout} ends {percent(lost)} of sessions while they are in use."


def _hidden(plan: CapacityPlan) -> str:
    pair = plan.timeout.hidden
    if pair is None:
        return " No timeout in the API's range is long enough for pages that are hidden for minutes."
    if pair == plan.timeout.recommended:
        return " It suits pages that are hidden for minutes."
    length, interval = format_duration(pair.idle_timeout), format_duration(pair.keep_alive or 0.0)
    return f" In pages that are hidden for minutes: {length}, every {interval}."


def _leaks(plan: CapacityPlan) -> str | None:
    together, found = plan.leaks.together, plan.recommended
    if together is None or found is None:
        return None
    return (
        f"Fixing all leaks saves {count(found.saves, 'slot')}: without the leaks, ask for {count(found.without_leaks, 'slot')}."
        f" Today leaks hold {together.slots:,.1f} slots on average."
    )


def _offered(plan: CapacityPlan) -> str | None:
    """Return which idle timeouts the API has; None: clients ask for them and keep sessions alive, as is usual."""
    is_usual = plan.api.has_keep_alive and not plan.api.is_fixed and not plan.api.guesses
    return None if is_usual else offers(plan.api)


def asked(plan: CapacityPlan) -> str | None:
    """Return the answer for the settings of the command line."""
    if plan.asked is None:
        return None
    question, found = plan.asked.question, plan.asked.answer
    keep_alives = (
        "keep-alives as recorded"
        if question.keep_alive is None
        else f"a keep-alive every {format_duration(question.keep_alive)}"
    )
    slots = found.slots["0.01"]
    return (
        f"What if: {count(question.limit, 'slot')}, {question.arrivals_per_minute:,.1f} arrivals a minute,"
        f" {percent(question.leak_share)} leaks, an idle timeout of {format_duration(question.idle_timeout)}, {keep_alives}:"
        f" {percent(found.refused)} of first attempts refused"
        f" ({between(found.refused_low, found.refused_high, percent)}). For 1 %, ask for {count(slots, 'slot')}."
    )


def another_run(plan: CapacityPlan) -> str | None:
    """Return the prediction for a whole run, if one of another length was requested."""
    expected = plan.expected
    if expected is None or not expected.seconds < sum(run.seconds for run in plan.runs[:1]):
        return None
    return (
        f"A whole run of {format_duration(expected.seconds)} that begins without sessions: {percent(expected.share)} of first"
        f" attempts refused on average ({between(expected.low, expected.high, percent)}); in a single run"
        f" {between(expected.run_low, expected.run_high, percent)}."
    )
