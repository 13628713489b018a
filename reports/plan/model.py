"""The one model of the plan: from a load and its settings to refusals, and to the slots that a target of refusals takes.

Headline, tables, the page's what-if panel and the command line all read from it (templates/what_if.js is the same in JavaScript;
a test compares the two). The load is steady. People of the open model are refused as Erlang B says, those of the closed model
as Engset says. Refused people who retry count as further arrivals (Cohen 1957). Where a replay of the recorded people needs
more or fewer slots than that, `load_factor` says how much more load gives the same number of slots.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from loadtests.model.maths.erlang import engset, engset_servers, erlang_b, erlang_servers

TARGETS = (0.05, 0.01, 0.001)
"""Shares of refused first attempts that slots are computed for."""
DECIDES = 0.01
"""The target of the recommendation."""
By = Literal["erlang-b", "engset", "replay", "erlang-b-with-returning"]
_HALVINGS = 50


@dataclass(frozen=True)
class Silence:
    """A part of the leaks, by how long each was silent before its person left."""

    seconds: float
    """The idle timeout less the seconds that the slot was held after the person had left."""
    share: float
    """Of the leaks that the idle timeout ends."""


@dataclass(frozen=True)
class Spread:
    """The 95 % interval of a load, as factors on it: a bootstrap over the sessions."""

    low: float
    high: float


@dataclass(frozen=True)
class Model:
    """A load, as the plan knows it. Times are seconds."""

    load: str
    """The name of the load: "busiest stage: leaky clients, 25 s"."""
    by: By
    arrivals_per_minute: float
    """First attempts."""
    session_seconds: float
    """Mean time from the opening until the person leaves."""
    leak_share: float
    """Share of people who leave their session open."""
    idle_timeout: float
    """Of the leaks, or of everyone if there is none: the mean."""
    silences: tuple[Silence, ...]
    endless_share: float
    """Share of the leaks that no idle timeout ends (zombies)."""
    endless_tail: float
    """Mean seconds that each of these holds its slot after its person has left."""
    others: float
    """Mean number of slots held by foreign sessions."""
    people: int
    """Number of people of the closed model; 0: the arrivals do not depend on who is there."""
    pause: float
    """Their mean pause between two sessions."""
    attempts: tuple[float, ...]
    """Share of people who make a first attempt (1), a second one if the first is refused, and so on."""
    load_factor: float
    """Replay: the load that needs as many slots as the replay found, as a share of this one."""
    spread: Spread
    spread_without_leaks: Spread
    idle_range: tuple[float, float]
    """The idle timeouts that the API takes."""


@dataclass(frozen=True)
class Question:
    """A load and settings: the input of the model."""

    arrivals_per_minute: float
    """First attempts."""
    session_seconds: float
    """Mean time from the opening until the person leaves."""
    leak_share: float
    """Share of people who leave their session open."""
    idle_timeout: float
    """Seconds."""
    limit: int
    keep_alive: float | None = None
    """Seconds between keep-alives in quiet periods; null: keep-alives as recorded."""


@dataclass(frozen=True)
class Estimate:
    """The output of the model, each figure with its 95 % interval."""

    erlang: float
    refused: float
    """Share of first attempts."""
    slots: dict[str, int]
    """Slots needed, by target of refusals."""
    erlang_low: float
    erlang_high: float
    refused_low: float
    refused_high: float
    slots_low: dict[str, int]
    slots_high: dict[str, int]


def answer(model: Model, question: Question) -> Estimate:
    """Return refusals and slots."""
    erlang, people = offered(model, question), people_of(model, question)
    spread = model.spread if question.leak_share else model.spread_without_leaks
    own = erlang - model.others
    low, high = model.others + own * spread.low, model.others + own * spread.high
    share, share_low, share_high = (refused(model, load, question.limit, people) for load in (erlang, low, high))
    needed, needed_low, needed_high = (
        {f"{target:g}": slots(model, load, target, people) for target in TARGETS} for load in (erlang, low, high)
    )
    return Estimate(erlang, share, needed, low, high, share_low, share_high, needed_low, needed_high)


def tail(model: Model, idle_timeout: float, keep_alive: float | None) -> float:
    """Return the mean seconds that a leak holds its slot after its person has left.

    With keep-alives the last one was sent half an interval before, on average, or there was an activity since.
    """
    latest = math.inf if keep_alive is None else keep_alive / 2
    ends = sum(each.share * max(0.0, idle_timeout - min(each.seconds, latest)) for each in model.silences)
    return (1 - model.endless_share) * ends + model.endless_share * model.endless_tail


def people_of(model: Model, question: Question) -> int:
    """Return the number of people of the closed model: as many times more as there are arrivals."""
    times = question.arrivals_per_minute / model.arrivals_per_minute if model.arrivals_per_minute else 1.0
    # Halves are rounded up, as in JavaScript.
    return math.floor(model.people * times + 0.5)


def offered(model: Model, question: Question) -> float:
    """Return the slots held if nobody were refused, in Erlang."""
    leaked = question.leak_share * tail(model, question.idle_timeout, question.keep_alive)
    held = question.session_seconds + leaked
    if model.people:
        return people_of(model, question) * held / (held + model.pause) + model.others
    return question.arrivals_per_minute / 60 * held + model.others


def refused(model: Model, erlang: float, limit: int, people: int) -> float:
    """Return the share of first attempts that `limit` slots refuse."""
    if model.people:
        return engset(people, _each(model, erlang, people), max(0, limit - math.ceil(model.others)))
    load = model.load_factor * erlang
    if len(model.attempts) == 1:
        return erlang_b(load, limit)
    low, high = 0.0, 1.0
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        is_more = erlang_b(_with_returning(load, middle, model.attempts), limit) > middle
        low, high = (middle, high) if is_more else (low, middle)
    return low


def slots(model: Model, erlang: float, target: float, people: int) -> int:
    """Return the fewest slots that refuse at most `target` of first attempts."""
    if model.people:
        return engset_servers(people, _each(model, erlang, people), target) + math.ceil(model.others)
    return max(1, erlang_servers(_with_returning(model.load_factor * erlang, target, model.attempts), target))


def _with_returning(load: float, share: float, attempts: tuple[float, ...]) -> float:
    """Return the load of all attempts if `share` of them is refused, late enough to count as new arrivals."""
    return load * sum(people * share**before for before, people in enumerate(attempts))


def _each(model: Model, erlang: float, people: int) -> float:
    """Return the load of one idle person of the closed model (Engset's α)."""
    own = min(model.load_factor * (erlang - model.others), people * (1 - 1e-9))
    return max(0.0, own / (people - own)) if people else 0.0
