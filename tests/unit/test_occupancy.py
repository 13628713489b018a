"""Who holds the slots, counted as it changes; leaks in the order in which they are due."""

from __future__ import annotations

import pytest

from loadtests.engine.occupancy import MOST_LEAKS, Occupancy
from loadtests.model.api.answer import Answer, Outcome, Reason
from loadtests.model.api.operation import Operation
from loadtests.model.session.session import Session


class Clock:
    """A clock in our hands."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def opened(occupancy: Occupancy, number: int, idle: float = 60.0, at: float = 0.0, profile: str = "calm") -> Session:
    """An open session."""
    session = Session(number, profile, idle)
    session.record_send(Operation.NEW)
    session.record_answer(Operation.NEW, Answer(Outcome.OK, sent=at, answered=at, session_id=f"id-{number}"))
    occupancy.count(session)
    return session


def test_each_session_is_counted_once_as_what_it_is_now() -> None:
    """Active, quiet, closing, leaked."""
    occupancy = Occupancy(Clock())
    quiet, left, closing = (opened(occupancy, number) for number in (1, 2, 3))
    opened(occupancy, 4, profile="busy")
    quiet.quiet = True
    left.leave("abandon")
    closing.leave("close")
    closing.record_send(Operation.STOP)
    for session in (quiet, left, closing, quiet, left):
        occupancy.count(session)
    assert occupancy.by_profile() == {"calm": {"quiet": 1, "leaked": 1, "closing": 1}, "busy": {"active": 1}}
    closing.record_answer(Operation.STOP, Answer(Outcome.OK, sent=1, answered=1))
    occupancy.count(closing)
    assert occupancy.by_profile()["calm"] == {"quiet": 1, "leaked": 1}


def test_a_session_that_the_list_lacks_holds_no_slot() -> None:
    """Whatever its person does, until it is listed again or has ended."""
    occupancy = Occupancy(Clock())
    session, other = opened(occupancy, 1), opened(occupancy, 2)
    occupancy.count_unlisted(session)
    session.quiet = True
    occupancy.count(session)
    assert (occupancy.by_profile(), occupancy.unlisted) == ({"calm": {"active": 1}}, 1)
    occupancy.count_listed(session)
    assert (occupancy.by_profile(), occupancy.unlisted) == ({"calm": {"active": 1, "quiet": 1}}, 0)
    occupancy.count_unlisted(other)
    other.record_end()
    occupancy.count(other)
    assert (occupancy.by_profile(), occupancy.unlisted) == ({"calm": {"quiet": 1}}, 0)


def test_a_stop_that_failed_makes_a_leak() -> None:
    """The person is gone, and the session may be open."""
    occupancy = Occupancy(Clock())
    session = opened(occupancy, 1)
    session.leave("close")
    session.record_send(Operation.STOP)
    occupancy.count(session)
    session.record_answer(Operation.STOP, Answer(Outcome.UNKNOWN, Reason.TIMEOUT, 1, 2))
    occupancy.count(session)
    assert (occupancy.leaks, [leak.session for leak in occupancy.due_next()]) == (1, [1])


def test_leaks_come_in_the_order_in_which_they_are_due_and_a_zombies_due_time_moves() -> None:
    """An entry of the heap is a lower bound."""
    occupancy = Occupancy(Clock())
    sessions = [opened(occupancy, number, idle) for number, idle in ((1, 90), (2, 30), (3, 60))]
    for session in sessions:
        session.leave("zombie")
        occupancy.count(session)
    assert [(leak.session, leak.due) for leak in occupancy.due_next()] == [(2, 30), (3, 60), (1, 90)]
    sessions[1].record_answer(Operation.KEEP_ALIVE, Answer(Outcome.OK, sent=40, answered=41))
    assert [(leak.session, leak.due) for leak in occupancy.due_next()] == [(3, 60), (2, 71), (1, 90)]


def test_a_leak_that_ended_is_told_with_when_it_was_due_and_when_it_was_known_to_be_gone() -> None:
    """The page says "reaped" by it."""
    clock = Clock()
    occupancy = Occupancy(clock)
    session = opened(occupancy, 7, 30)
    session.leave("crash")
    occupancy.count(session)
    clock.now = 31.5
    session.record_end()
    occupancy.count(session)
    assert occupancy.leaks == 0
    assert occupancy.due_next() == []
    (end,) = occupancy.ended_last()
    assert (end.session, end.way, end.id, end.earliest, end.due, end.ended) == (7, "crash", "id-7", 30, 30, 31.5)


def test_a_leak_that_we_close_ourselves_has_not_been_reaped() -> None:
    """Closing it is our doing."""
    occupancy = Occupancy(Clock())
    session = opened(occupancy, 1)
    session.leave("abandon")
    occupancy.count(session)
    session.record_send(Operation.STOP)
    occupancy.count(session)
    session.record_answer(Operation.STOP, Answer(Outcome.OK, sent=1, answered=1))
    occupancy.count(session)
    assert (occupancy.leaks, occupancy.ended_last()) == (0, [])


def test_a_session_whose_answer_was_lost_is_due_an_idle_timeout_after_that() -> None:
    """Nobody knows its id, nor when it was opened."""
    clock = Clock()
    clock.now = 100.0
    occupancy = Occupancy(clock)
    session = Session(1, "calm", 60)
    session.record_send(Operation.NEW)
    session.record_answer(Operation.NEW, Answer(Outcome.UNKNOWN, Reason.TIMEOUT, 95, 100))
    occupancy.count(session)
    assert [(leak.way, leak.id, leak.due) for leak in occupancy.due_next()] == [("lost-answer", "", 160)]


@pytest.mark.parametrize("number", [MOST_LEAKS, MOST_LEAKS + 1, 500])
def test_what_a_pulse_names_is_bounded(number: int) -> None:
    """And asking twice says the same."""
    occupancy = Occupancy(Clock())
    for each in range(number):
        session = opened(occupancy, each, 1000 - each)
        session.leave("abandon")
        occupancy.count(session)
    for _ in range(2):
        first = occupancy.due_next()
        assert [leak.due for leak in first] == sorted(1000 - each for each in range(number))[:MOST_LEAKS]
    assert occupancy.leaks == number


def test_a_session_whose_new_was_not_answered_is_counted_apart() -> None:
    """It may not exist: no leak, but due like one; when it is due it is nothing."""
    occupancy = Occupancy(Clock())
    session = Session(1, "calm", 60.0)
    session.record_send(Operation.NEW)
    session.record_answer(Operation.NEW, Answer(Outcome.UNKNOWN, Reason.TIMEOUT, 1.0, 11.0))
    occupancy.count(session)
    assert occupancy.by_profile() == {"calm": {"unconfirmed": 1}}
    assert (occupancy.leaks, occupancy.unconfirmed, [leak.way for leak in occupancy.due_next()]) == (
        0,
        1,
        ["lost-answer"],
    )
    session.record_end()
    occupancy.count(session)
    assert (occupancy.by_profile(), occupancy.leaks, occupancy.unconfirmed) == ({}, 0, 0)
    assert occupancy.due_next() == occupancy.ended_last() == []
