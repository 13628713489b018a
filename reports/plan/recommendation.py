"""The recommendation: limit, idle timeout and keep-alive interval that hold together; and the single changes beside it."""

from __future__ import annotations

from dataclasses import dataclass, replace

from loadtests.model.text.units import format_duration
from loadtests.model.text.wording import count, percent, verb
from reports.plan.api import PlannedApi
from reports.plan.model import DECIDES, Model, Question, answer
from reports.plan.timeout import TOLERABLE, Pair

_KEY = f"{DECIDES:g}"


@dataclass(frozen=True)
class Recommendation:
    """Settings that together refuse no more than the target at today's load."""

    target: float
    """Share of refused first attempts."""
    limit: int
    low: int
    """Bounds of the 95 % interval of `limit`."""
    high: int
    idle_timeout: int
    """Seconds."""
    keep_alive: float | None
    """Seconds between keep-alives in quiet periods; null: the API has no keep-alive."""
    survives: int
    """Keep-alives in a row that may fail."""
    refused: float
    """Share of first attempts that these settings refuse."""
    without_leaks: int
    """Slots to ask for if each session were closed when its person leaves."""
    saves: int
    """Slots saved by fixing all leaks."""


@dataclass(frozen=True)
class Choice:
    """One way to refuse no more than the target."""

    name: str
    what: str
    """What is changed."""
    impossible: str | None
    """Why it is not possible; null: it is."""
    question: Question | None
    """With the slots that it takes as its limit."""
    slots: int | None
    """Slots to ask for."""
    low: int | None
    high: int | None
    refused: float | None
    """Share of first attempts refused with these slots."""
    refused_at_limit: float | None
    """The same with the account's present limit."""
    keep_alives_an_hour: float | None
    """Of all sessions together."""
    costs_an_hour: float | None
    """Of all open sessions, at the scenario's price; null: it has no price."""


def build_recommendation(model: Model, today: Question, pair: Pair | None) -> Recommendation | None:
    """Return what to ask for with this idle timeout and keep-alive interval; None: no pair is possible."""
    if pair is None:
        return None
    settings = replace(today, idle_timeout=float(pair.idle_timeout), keep_alive=pair.keep_alive)
    found = answer(model, settings)
    without = answer(model, replace(settings, leak_share=0.0)).slots[_KEY]
    limit = found.slots[_KEY]
    return Recommendation(
        DECIDES,
        limit,
        found.slots_low[_KEY],
        found.slots_high[_KEY],
        pair.idle_timeout,
        pair.keep_alive,
        pair.survives,
        answer(model, replace(settings, limit=limit)).refused,
        without,
        limit - without,
    )


def question_of(recommendation: Recommendation, today: Question) -> Question:
    """Return the recommended settings at today's load."""
    return replace(
        today,
        limit=recommendation.limit,
        idle_timeout=float(recommendation.idle_timeout),
        keep_alive=recommendation.keep_alive,
    )


def build_choices(
    model: Model,
    today: Question,
    pair: Pair | None,
    api: PlannedApi,
    *,
    limit: int | None,
    keep_alives_an_hour: float,
    price: float | None,
) -> tuple[Choice, ...]:
    """Return the three changes side by side; `limit` of the account, `keep_alives_an_hour` as recorded, `price` of a
    session-minute.
    """
    timeout = format_duration(today.idle_timeout)

    def choice(name: str, what: str, question: Question, impossible: str | None = None) -> Choice:
        if impossible:
            return Choice(name, what, impossible, *[None] * 8)
        at_limit = answer(model, question)
        slots = at_limit.slots[_KEY]
        with_slots = answer(model, replace(question, limit=slots))
        return Choice(
            name,
            what,
            None,
            replace(question, limit=slots),
            slots,
            at_limit.slots_low[_KEY],
            at_limit.slots_high[_KEY],
            with_slots.refused,
            at_limit.refused,
            keep_alives_an_hour if question.keep_alive is None else _keep_alives(question),
            None if price is None else at_limit.erlang * 60 * price,
        )

    return (
        choice("raise the limit", f"idle timeout {timeout}, leaks as they are", today, _enough(model, today, limit)),
        choice(
            "fix the leaks",
            f"idle timeout {timeout}, every user closes the session",
            replace(today, leak_share=0.0),
            None if today.leak_share else "Nothing to fix: no session was left open",
        ),
        choice("shorten the idle timeout", *_shortened(today, pair, api)),
    )


def _enough(model: Model, today: Question, limit: int | None) -> str | None:
    needed = answer(model, today).slots[_KEY]
    if limit is None or limit < needed:
        return None
    return (
        f"Not needed: the account’s limit is {limit:,}, and {count(needed, 'slot')} {verb(needed, 'is', 'are')} enough"
    )


def _shortened(today: Question, pair: Pair | None, api: PlannedApi) -> tuple[str, Question, str | None]:
    if pair is None:
        return "", today, f"Not possible: {no_pair(api)}"
    changed = replace(today, idle_timeout=float(pair.idle_timeout), keep_alive=pair.keep_alive)
    every = "" if pair.keep_alive is None else f", keep-alive every {format_duration(pair.keep_alive)}"
    what = f"{format_duration(pair.idle_timeout)}{every}"
    own = format_duration(today.idle_timeout)
    if api.is_fixed:
        return what, changed, f"Not possible: the API sets the idle timeout, {own}"
    if pair.idle_timeout < today.idle_timeout:
        return what, changed, None
    if today.idle_timeout > api.idle_range[0]:
        return what, changed, f"Not needed: {own} is as short as recommended"
    return what, changed, f"Not possible: {own} is the shortest that the API takes"


def no_pair(api: PlannedApi) -> str:
    """Return why no idle timeout is recommended."""
    if api.has_keep_alive:
        return "no idle timeout of the API tolerates as many failed keep-alives"
    return f"the API has no keep-alive, and each of its idle timeouts loses more than {percent(TOLERABLE)} of sessions"


def _keep_alives(question: Question) -> float:
    """Return the keep-alives an hour of everyone whose session is in use, if each is quiet all the time: the most."""
    assert question.keep_alive
    in_use = question.arrivals_per_minute / 60 * question.session_seconds
    return in_use * 3600 / question.keep_alive
