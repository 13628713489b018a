"""The client's view of one session: its states, when it is due, and what it makes of answers."""

from __future__ import annotations

from itertools import product

import pytest

from loadtests.model.api.answer import Answer, Outcome, Reason
from loadtests.model.api.operation import USUAL_ACTIVITY, Operation
from loadtests.model.session.session import Event, Holder, IllegalEventError, Session, State

LEGAL: dict[tuple[State, Event], State] = {
    (State.PLANNED, Event.OPEN): State.OPENING,
    (State.OPENING, Event.OPENED): State.OPEN,
    (State.OPENING, Event.REFUSED): State.PLANNED,
    (State.OPENING, Event.LOST): State.LOST,
    (State.LOST, Event.ENDED): State.CLOSED,
    (State.OPEN, Event.STOP): State.CLOSING,
    (State.OPEN, Event.CLOSED): State.CLOSED,
    (State.OPEN, Event.NOT_CLOSED): State.OPEN,
    (State.OPEN, Event.ENDED): State.CLOSED,
    (State.CLOSING, Event.STOP): State.CLOSING,
    (State.CLOSING, Event.CLOSED): State.CLOSED,
    (State.CLOSING, Event.NOT_CLOSED): State.OPEN,
    (State.CLOSING, Event.ENDED): State.CLOSED,
    (State.CLOSED, Event.STOP): State.CLOSED,
    (State.CLOSED, Event.CLOSED): State.CLOSED,
    (State.CLOSED, Event.NOT_CLOSED): State.CLOSED,
    (State.CLOSED, Event.ENDED): State.CLOSED,
    (State.CLOSED, Event.REAPPEARED): State.OPEN,
}
ILLEGAL = [pair for pair in product(State, Event) if pair not in LEGAL]

ROADS: dict[State, tuple[Event, ...]] = {
    State.PLANNED: (),
    State.OPENING: (Event.OPEN,),
    State.OPEN: (Event.OPEN, Event.OPENED),
    State.CLOSING: (Event.OPEN, Event.OPENED, Event.STOP),
    State.CLOSED: (Event.OPEN, Event.OPENED, Event.STOP, Event.CLOSED),
    State.LOST: (Event.OPEN, Event.LOST),
}

GONE = [Reason.CLOSED, Reason.MISSING]


def short(value: object) -> str:
    """An answer as the name of a case."""
    return f"{value.outcome}-{value.reason}" if isinstance(value, Answer) else str(value)


def session_in(state: State) -> Session:
    """A session that has come to `state`."""
    session = Session(1, "reading", 30.0)
    for event in ROADS[state]:
        session.apply(event)
    assert session.state is state
    return session


def everything(session: Session) -> dict[str, object]:
    """All that the session holds."""
    return {name: getattr(session, name) for name in Session.__slots__}


def opened(sent: float = 10.0, answered: float = 12.0, cap: float = 0.0) -> Session:
    """A session with 30 s of idle timeout whose `new` was acknowledged."""
    session = session_in(State.OPENING)
    session.record_answer(Operation.NEW, Answer(Outcome.OK, sent=sent, answered=answered, session_id="abc", value=cap))
    return session


@pytest.mark.parametrize(("pair", "after"), LEGAL.items(), ids=str)
def test_event_of_the_table_leads_to_its_state(pair: tuple[State, Event], after: State) -> None:
    """Each row of the table leads where it says."""
    session = session_in(pair[0])
    session.apply(pair[1])
    assert session.state is after


@pytest.mark.parametrize(("state", "event"), ILLEGAL, ids=str)
def test_any_other_event_raises_and_changes_nothing(state: State, event: Event) -> None:
    """An event without a row raises, names session, event and state, and leaves all as it was."""
    session = session_in(state)
    before = everything(session)
    with pytest.raises(IllegalEventError, match=f"session 1: {event.name} while {state.name}"):
        session.apply(event)
    assert everything(session) == before


def test_acknowledged_new_opens() -> None:
    """Id, cap and the time of opening come from the answer to `new`."""
    session = opened(cap=600.0)
    assert (session.state, session.id, session.cap, session.opened) == (State.OPEN, "abc", 600.0, 12.0)


@pytest.mark.parametrize(
    ("answer", "after"),
    [
        (Answer(Outcome.FAIL, Reason.CONCURRENCY), State.PLANNED),
        (Answer(Outcome.FAIL, Reason.CONNECT), State.PLANNED),
        (Answer(Outcome.FAIL, Reason.MISSING), State.PLANNED),
        (Answer(Outcome.WITHHELD, Reason.RUN_ENDED), State.PLANNED),
        (Answer(Outcome.UNKNOWN, Reason.TIMEOUT), State.LOST),
        (Answer(Outcome.UNKNOWN, Reason.SERVER_ERROR), State.LOST),
        (Answer(Outcome.OK), State.LOST),
    ],
    ids=short,
)
def test_new_that_opened_nothing_we_know_of(answer: Answer, after: State) -> None:
    """A refused or withheld `new` may be tried again; one with an unknown effect, or without an id, is lost."""
    session = session_in(State.OPENING)
    session.record_answer(Operation.NEW, answer)
    assert (session.state, session.id) == (after, "")


def test_refused_session_can_be_opened_later() -> None:
    """A second attempt may succeed."""
    session = session_in(State.OPENING)
    session.record_answer(Operation.NEW, Answer(Outcome.FAIL, Reason.CONCURRENCY))
    session.record_send(Operation.NEW)
    session.record_answer(Operation.NEW, Answer(Outcome.OK, session_id="abc"))
    assert session.state is State.OPEN


@pytest.mark.parametrize(
    ("answer", "after"),
    [
        (Answer(Outcome.OK), State.CLOSED),
        (Answer(Outcome.FAIL, Reason.CLOSED), State.CLOSED),
        (Answer(Outcome.FAIL, Reason.MISSING), State.CLOSED),
        (Answer(Outcome.FAIL, Reason.RATE), State.OPEN),
        (Answer(Outcome.UNKNOWN, Reason.TIMEOUT), State.OPEN),
        (Answer(Outcome.WITHHELD, Reason.NO_SUCH_CALL), State.OPEN),
    ],
    ids=short,
)
def test_stop_closes_only_what_the_api_says_is_closed(answer: Answer, after: State) -> None:
    """A stop closes if it was acknowledged or the session was gone; otherwise the session is open still."""
    session = session_in(State.OPEN)
    session.record_send(Operation.STOP)
    assert session.state is State.CLOSING
    session.record_answer(Operation.STOP, answer)
    assert session.state is after


@pytest.mark.parametrize("reason", GONE)
@pytest.mark.parametrize("operation", sorted(USUAL_ACTIVITY))
def test_activity_told_that_the_session_is_gone_ends_it(operation: Operation, reason: Reason) -> None:
    """An answer "closed" or "not found" ends the session, whether open, closing or known to be closed."""
    for state in (State.OPEN, State.CLOSING, State.CLOSED):
        session = session_in(state)
        session.record_answer(operation, Answer(Outcome.FAIL, reason))
        assert session.state is State.CLOSED


@pytest.mark.parametrize("outcome", [Outcome.OK, Outcome.FAIL, Outcome.UNKNOWN, Outcome.WITHHELD])
@pytest.mark.parametrize("operation", sorted(USUAL_ACTIVITY))
def test_other_answers_to_activity_do_not_end_it(operation: Operation, outcome: Outcome) -> None:
    """No other answer to an activity changes the state."""
    session = opened()
    session.record_answer(operation, Answer(outcome, Reason.RATE if outcome is not Outcome.OK else Reason.NONE))
    assert session.state is State.OPEN


@pytest.mark.parametrize(
    "answer",
    [
        Answer(Outcome.OK, Reason.NONE, 1.0, 2.0),
        Answer(Outcome.UNKNOWN, Reason.TIMEOUT, 1.0, 2.0),
        Answer(Outcome.WITHHELD, Reason.NO_SUCH_CALL, 1.0, 2.0),
        *(Answer(Outcome.FAIL, reason, 1.0, 2.0) for reason in Reason),
    ],
    ids=short,
)
def test_create_token_says_nothing_about_the_session(answer: Answer) -> None:
    """Whatever `create_token` answers, before a session is opened, it stays planned."""
    session = session_in(State.PLANNED)
    session.record_send(Operation.CREATE_TOKEN)
    session.record_answer(Operation.CREATE_TOKEN, answer)
    assert everything(session) == everything(session_in(State.PLANNED))


def test_list_ends_it() -> None:
    """A session that the list no longer has is closed."""
    session = session_in(State.OPEN)
    session.record_end()
    assert session.state is State.CLOSED


def test_due_is_an_interval_from_the_send_to_the_answer() -> None:
    """The opening reached the API between send and answer, so that the due time is as uncertain."""
    assert opened(10.0, 12.0).due == (40.0, 42.0)


@pytest.mark.parametrize("operation", sorted(USUAL_ACTIVITY))
@pytest.mark.parametrize(
    ("answer", "due"),
    [
        (Answer(Outcome.OK, sent=20.0, answered=23.0), (50.0, 53.0)),
        (Answer(Outcome.UNKNOWN, Reason.TIMEOUT, 20.0, 23.0), (40.0, 53.0)),
        (Answer(Outcome.FAIL, Reason.RATE, 20.0, 23.0), (40.0, 42.0)),
        (Answer(Outcome.WITHHELD, Reason.NO_SUCH_CALL, 20.0, 23.0), (40.0, 42.0)),
    ],
    ids=short,
)
def test_due_moves_by_what_the_activity_is_known_to_have_done(
    operation: Operation, answer: Answer, due: tuple[float, float]
) -> None:
    """Acknowledged: both ends move; unknown: only the later one; refused or never sent: neither."""
    session = opened(10.0, 12.0)
    session.record_answer(operation, answer)
    assert session.due == due


def test_due_never_moves_back() -> None:
    """An answer that overtook a later one changes nothing."""
    session = opened()
    session.record_answer(Operation.TASK, Answer(Outcome.OK, sent=20.0, answered=21.0))
    session.record_answer(Operation.KEEP_ALIVE, Answer(Outcome.OK, sent=15.0, answered=18.0))
    assert session.due == (50.0, 51.0)


@pytest.mark.parametrize(
    ("cap", "due"), [(20.0, (30.0, 32.0)), (29.0, (39.0, 41.0)), (100.0, (40.0, 42.0)), (0.0, (40.0, 42.0))]
)
def test_due_is_bounded_by_the_cap(cap: float, due: tuple[float, float]) -> None:
    """The duration cap, if there is one, bounds both ends of the interval."""
    assert opened(10.0, 12.0, cap).due == due


def left(state: State) -> Session:
    """A session in `state` whose person is gone."""
    session = session_in(state)
    session.leave("abandon")
    return session


def quiet() -> Session:
    """An open session in a quiet period."""
    session = session_in(State.OPEN)
    session.quiet = True
    return session


@pytest.mark.parametrize(
    ("session", "holder"),
    [
        (session_in(State.PLANNED), Holder.NONE),
        (session_in(State.OPENING), Holder.NONE),
        (session_in(State.OPEN), Holder.ACTIVE),
        (quiet(), Holder.QUIET),
        (left(State.OPEN), Holder.LEAKED),
        (session_in(State.CLOSING), Holder.CLOSING),
        (left(State.CLOSING), Holder.CLOSING),
        (session_in(State.LOST), Holder.LEAKED),
        (session_in(State.CLOSED), Holder.NONE),
        (left(State.CLOSED), Holder.NONE),
    ],
)
def test_slot_has_exactly_one_holder(session: Session, holder: Holder) -> None:
    """Who holds the slot follows from state, quiet period and way of leaving."""
    assert session.holder is holder


def test_first_way_of_leaving_stands() -> None:
    """A person leaves once."""
    session = left(State.OPEN)
    session.leave("close")
    assert session.way == "abandon"


def test_usable_while_open_and_trusted() -> None:
    """A person goes on only in an open session that the client has not given up."""
    assert [state for state in State if session_in(state).usable] == [State.OPEN]
    session = session_in(State.OPEN)
    session.given_up = True
    assert not session.usable


def test_one_timer_at_a_time() -> None:
    """A new keep-alive timer takes over from the one before; stopping ends the one that runs."""
    session = session_in(State.OPEN)
    first = session.start_timer()
    second = session.start_timer()
    assert (session.is_timer(first), session.is_timer(second)) == (False, True)
    session.stop_timer()
    assert not session.is_timer(second)


def test_sending_anything_else_changes_no_state() -> None:
    """Only `new` and `stop` change the state when they are sent."""
    for operation in set(Operation) - {Operation.NEW, Operation.STOP}:
        session = session_in(State.OPEN)
        session.record_send(operation)
        assert session.state is State.OPEN


def test_a_call_that_is_no_activity_moves_no_due_time() -> None:
    """Where the API says so; it ends the session all the same if the API no longer has it."""
    session = opened(10.0, 12.0)
    session.record_answer(Operation.TASK, Answer(Outcome.OK, sent=20.0, answered=21.0), frozenset())
    assert session.due == (40.0, 42.0)
    session.record_answer(Operation.TASK, Answer(Outcome.FAIL, Reason.CLOSED, 22.0, 23.0), frozenset())
    assert session.state is State.CLOSED
