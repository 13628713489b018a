"""The end of a run, decided without a clock: who is closed, on whose account, and how long a leak is awaited."""

from __future__ import annotations

from collections.abc import Generator
from itertools import pairwise
from typing import Any

import pytest

from loadtests.model.api.answer import Answer, Outcome, Reason
from loadtests.model.api.operation import Operation
from loadtests.model.session.ending import DrainBounds, DrainResult, DrainView, ending
from loadtests.model.session.session import Session, State
from loadtests.model.session.steps import Call, Closing, Sleep

from .drive import Answers, Driver, yes

_BOUNDS = DrainBounds(observe=60.0, tolerance=1.0, poll=0.5, timeout=5.0)
_IDLE = 30.0


class _End:
    """Carries one ending out against `answers`; `stops` are its requests: time, session number, account."""

    def __init__(self, *sessions: Session, bounds: DrainBounds = _BOUNDS, answers: Answers = yes) -> None:
        self.stops: list[tuple[float, int, Closing]] = []
        self.result: DrainResult | None = None
        self.now = 0.0
        view = DrainView(lambda: sessions, lambda: False, lambda: self.now)

        def answer(call: Call, now: float) -> Answer:
            self.stops.append((now, call.session.number, call.closing))
            return answers(call, now)

        Driver(answer).run(self._carry_out(view, bounds), 1000.0)

    def _carry_out(self, view: DrainView, bounds: DrainBounds) -> Generator[Any, Any, None]:
        behaviour, value = ending(view, bounds, 0.0), None
        while True:
            try:
                step = behaviour.send(value)
            except StopIteration as end:
                self.result = end.value[0]
                return
            value = yield step
            if isinstance(step, Sleep):
                self.now = step.until


def _session(number: int, way: str = "") -> Session:
    """An open session whose last activity was at 0; `way`: how its person left."""
    session = Session(number, "test", _IDLE)
    for operation in (Operation.NEW, Operation.START):
        session.record_send(operation)
        session.record_answer(operation, Answer(Outcome.OK, Reason.NONE, 0.0, 0.0, 200, 100, session_id=f"id-{number}"))
    if way:
        session.leave(way)
    return session


def test_people_who_are_still_there_are_closed_at_once_on_the_runs_account() -> None:
    """And a leak only after it was awaited, as swept."""
    end = _End(_session(1), _session(2, "abandon"))
    (at, number, account), (swept_at, swept, of_sweep) = end.stops
    assert (at, number, account) == (0.0, 1, Closing.RUN)
    assert (swept, of_sweep) == (2, Closing.SWEEP)
    assert swept_at > _IDLE
    assert end.result == DrainResult(1, 1, 1, 0)


def test_a_leak_is_awaited_until_it_is_overdue_and_three_polls_longer() -> None:
    """Due at 30 s, a tolerance of 1 s, a poll each 0.5 s: one just misses the end, one shows it, one confirms it."""
    end = _End(_session(1, "abandon"))
    assert end.stops[0][0] == pytest.approx(_IDLE + 1.0 + 3 * 0.5, abs=0.25)


def test_what_a_lost_answer_may_have_opened_is_awaited_too() -> None:
    """Nothing can close it, as its id is unknown: the list has to show when it is reaped."""
    session = Session(1, "test", _IDLE)
    session.record_send(Operation.NEW)
    session.record_answer(Operation.NEW, Answer(Outcome.UNKNOWN, Reason.TIMEOUT, 0.0, 5.0))
    end = _End(session)
    assert end.stops == []
    assert end.now >= 5.0 + _IDLE + 1.0 + 3 * 0.5


@pytest.mark.parametrize("bounds", [DrainBounds(5.0, 1.0, 0.5, 5.0), DrainBounds(60.0, 1.0, 0.0, 5.0)])
def test_it_is_not_awaited_longer_than_asked_for_and_without_a_list_not_at_all(bounds: DrainBounds) -> None:
    """--observe bounds the wait; where nobody polls, waiting shows nothing."""
    end = _End(_session(1, "abandon"), bounds=bounds)
    assert end.stops[0][0] == pytest.approx(bounds.observe if bounds.poll else 0.0, abs=0.01)


def test_a_stop_that_fails_is_repeated_and_then_counted_as_left_open() -> None:
    """With growing pauses; the ending itself goes on."""

    def never(call: Call, now: float) -> Answer:
        return Answer(Outcome.UNKNOWN, Reason.SERVER_ERROR, now, now, 503)

    end = _End(session := _session(1), answers=never)
    times = [at for at, _, account in end.stops if account is Closing.RUN]
    assert len(times) >= 3
    gaps = [later - earlier for earlier, later in pairwise(times)]
    assert gaps == sorted(gaps)
    assert gaps[0] > 0
    assert session.state in (State.OPEN, State.CLOSING)
    assert end.result is not None
    assert end.result.left == 1
