"""The plan's model: what it promises it keeps, whatever the load; and the slots of a replay are those of the sandbox's rules."""

from __future__ import annotations

from dataclasses import replace
from itertools import count

from hypothesis import given, settings
from hypothesis import strategies as st

from loadtests.model.api.reply import DONE
from loadtests.model.api.rules import Rules, Terms
from reports.plan.model import TARGETS, Model, Question, Silence, Spread, answer, offered, tail
from reports.plan.prediction.held_slots import HeldSlots
from reports.plan.recommendation import build_recommendation, question_of
from reports.plan.timeout import Pair

_RETRIES = st.lists(st.floats(0.05, 1.0), max_size=3).map(lambda shares: (1.0, *sorted(shares, reverse=True)))
_PEOPLE = st.sampled_from([(0, 0.0, (1.0,)), (0, 0.0, None), (12, 10.0, (1.0,)), (60, 45.0, (1.0,))])


@st.composite
def models(draw: st.DrawFn) -> tuple[Model, Question]:
    """Open people with or without retries, or closed ones; with leaks, zombies and foreign sessions."""
    people, pause, attempts = draw(_PEOPLE)
    silent = [Silence(seconds, 0.5) for seconds in draw(st.lists(st.floats(0, 40), min_size=2, max_size=2))]
    today = Question(
        draw(st.floats(0.5, 120)),
        draw(st.floats(1, 120)),
        draw(st.sampled_from([0.0, 0.1, 0.6, 1.0])),
        float(draw(st.sampled_from([30, 60, 300]))),
        draw(st.integers(1, 80)),
    )
    model = Model(
        "busiest stage: day, 1 h",
        "erlang-b",
        today.arrivals_per_minute,
        today.session_seconds,
        today.leak_share,
        today.idle_timeout,
        tuple(silent),
        draw(st.sampled_from([0.0, 0.2])),
        90.0,
        draw(st.sampled_from([0.0, 2.5])),
        people,
        pause,
        draw(_RETRIES) if attempts is None else attempts,
        draw(st.floats(0.9, 1.2)),
        Spread(0.8, 1.3),
        Spread(0.7, 1.4),
        (30.0, 3599.0),
    )
    return model, today


PAIRS = st.sampled_from([(30, 9.0), (60, 19.0), (300, 99.0)]).map(lambda pair: Pair(*pair, 2, "why"))


@given(models(), PAIRS)
@settings(max_examples=60)
def test_recommended_figures_put_back_give_what_was_promised(drawn: tuple[Model, Question], pair: Pair) -> None:
    """At most the target is refused with the slots recommended, more with one less; leaks save what they are said to."""
    model, today = drawn
    found = build_recommendation(model, today, pair)
    assert found is not None
    settings_ = question_of(found, today)
    told = answer(model, settings_)
    assert told.refused == found.refused <= found.target
    assert told.slots["0.01"] == found.limit
    assert (told.slots_low["0.01"], told.slots_high["0.01"]) == (found.low, found.high)
    if found.limit > 1 + model.others:
        assert answer(model, replace(settings_, limit=found.limit - 1)).refused > found.target - 1e-9
    without = answer(model, replace(settings_, leak_share=0.0))
    assert without.slots["0.01"] == found.without_leaks == found.limit - found.saves


@given(models())
@settings(max_examples=60)
def test_each_target_is_kept_by_its_slots(drawn: tuple[Model, Question]) -> None:
    """And a stricter target, more arrivals, or the upper end of the interval take no fewer slots."""
    model, today = drawn
    told = answer(model, today)
    for target in TARGETS:
        assert answer(model, replace(today, limit=told.slots[f"{target:g}"])).refused <= target
    assert list(told.slots.values()) == sorted(told.slots.values())
    spread = Spread(0.8, 1.3) if today.leak_share else Spread(0.7, 1.4)
    own = told.erlang - model.others
    assert (told.erlang_low, told.erlang_high) == (model.others + own * spread.low, model.others + own * spread.high)
    assert told.refused_low - 1e-9 <= told.refused <= told.refused_high + 1e-9
    more = answer(model, replace(today, arrivals_per_minute=2 * today.arrivals_per_minute))
    assert all(more.slots[key] >= slots for key, slots in told.slots.items())


@given(models(), st.floats(1, 100))
def test_keep_alives_and_longer_timeouts_hold_slots_for_longer(drawn: tuple[Model, Question], interval: float) -> None:
    """So the slots that a plan without keep-alives asks for are never more than with them."""
    model, today = drawn
    assert tail(model, 60.0, None) <= tail(model, 60.0, interval) + 1e-9
    assert tail(model, 60.0, interval) <= tail(model, 61.0, interval) + 1e-9
    assert offered(model, today) <= offered(model, replace(today, keep_alive=interval)) + 1e-9


_ASKED = st.lists(st.tuples(st.sampled_from([0.0, 0.5, 1.0]), st.sampled_from([0.5, 1.0, 2.5, 7.0])), max_size=60)


@given(st.integers(1, 4), _ASKED)
def test_slots_of_a_replay_are_those_of_the_rules(limit: int, asked: list[tuple[float, float]]) -> None:
    """The same requests are granted, ends at the very moment of a request included."""
    numbers, t = count(), 0.0
    rules = Rules(Terms(limit, idle_range=(0.0, float("inf"))), lambda: str(next(numbers)))
    held = HeldSlots(limit)
    for gap, seconds in asked:
        t += gap
        assert held.take(t, seconds) == (rules.new(t, seconds).code == DONE.code)
