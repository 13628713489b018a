"""What the API's list does to the sessions of a process: it is confirmed before it counts."""

from __future__ import annotations

from typing import Any

from loadtests.model.api.answer import Answer, Outcome, Reason
from loadtests.model.api.operation import Operation
from loadtests.model.session.session import Session, State
from loadtests.observing.list_snapshot import ListSnapshot
from loadtests.observing.session_tracker import SessionTracker


class Scene:
    """A tracker over one open session with the id "a", and what it did."""

    known_until = 0.0

    def __init__(self) -> None:
        self.observed: list[tuple[str, float]] = []
        self.closed: list[Session] = []
        self.unlisted: set[Session] = set()
        self.at = 0.0
        self.tracker = SessionTracker(self)
        self.session = Session(1, "p", 30.0)
        self.session.record_send(Operation.NEW)
        self.session.record_answer(Operation.NEW, Answer(Outcome.OK, Reason.NONE, 1.0, 1.1, session_id="a"))
        self.tracker.on_open(self.session)
        self.poll(2.0, appeared=["a"])

    def now(self) -> float:
        """Not asked for here."""
        return 0.0

    def observe(self, kind: str, session: Any = None, value: float = 0.0, detail: Any = None, at: Any = None) -> None:
        """Note the kind and when."""
        self.observed.append((kind, at))

    def mark_closed(self, session: Session) -> None:
        """Note it, and tell the tracker, as the engine does."""
        self.closed.append(session)
        self.tracker.on_close(session, self.at)

    def mark_open(self, session: Session) -> None:
        """Take it back."""
        self.closed.remove(session)

    def mark_unlisted(self, session: Session) -> None:
        """Note it."""
        self.unlisted.add(session)

    def mark_listed(self, session: Session) -> None:
        """Take it back."""
        self.unlisted.discard(session)

    def poll(self, at: float, appeared: list[str] | None = None, vanished: list[str] | None = None) -> None:
        """One successful poll."""
        self.at = at
        listed = [(session_id, 0.0) for session_id in appeared or ()]
        self.tracker.update(
            ListSnapshot(at, at, at + 0.1, "ok", since=at - 1, appeared=listed, vanished=vanished or [])
        )
        self.tracker.forget(at)


def test_a_leak_ends_when_a_second_list_lacks_it() -> None:
    """The first list is recorded with its own time; the second one confirms it."""
    scene = Scene()
    scene.session.leave("abandon")
    scene.poll(3.0, vanished=["a"])
    assert scene.observed[-1] == ("vanished", 3.1)
    assert scene.session.state is State.OPEN
    scene.poll(4.0)
    assert scene.session.state is State.CLOSED
    assert scene.closed == [scene.session]


def test_one_incomplete_list_ends_nothing() -> None:
    """The session is listed again: a contradiction in the log, and no end."""
    scene = Scene()
    scene.session.leave("abandon")
    scene.poll(3.0, vanished=["a"])
    scene.poll(4.0, appeared=["a"])
    scene.poll(5.0)
    assert scene.session.state is State.OPEN
    assert scene.closed == []
    assert [kind for kind, _ in scene.observed] == ["seen", "vanished", "seen"]


def test_a_present_person_learns_of_the_end_from_a_call_alone() -> None:
    """However often the list lacks the session; when the person has left, it counts."""
    scene = Scene()
    scene.poll(3.0, vanished=["a"])
    scene.poll(4.0)
    scene.poll(5.0)
    assert scene.session.usable
    assert scene.unlisted == {scene.session}, "its slot is free all the same"
    scene.session.leave("abandon")
    scene.poll(6.0)
    assert scene.session.state is State.CLOSED


def test_an_acknowledged_activity_overrules_the_list() -> None:
    """A keep-alive that was acknowledged after the session disappeared shows that it is open."""
    scene = Scene()
    scene.session.leave("zombie")
    scene.poll(3.0, vanished=["a"])
    scene.session.record_answer(Operation.KEEP_ALIVE, Answer(Outcome.OK, Reason.NONE, 3.5, 3.6))
    scene.poll(4.0)
    scene.poll(5.0)
    assert scene.session.state is State.OPEN


def test_a_person_whose_session_is_listed_or_answers_again_holds_a_slot() -> None:
    """What two incomplete lists have said is taken back."""
    for shown in ("listed", "acknowledged"):
        scene = Scene()
        scene.poll(3.0, vanished=["a"])
        assert scene.unlisted == set(), "one list proves nothing"
        scene.poll(4.0)
        assert scene.unlisted == {scene.session}
        if shown == "acknowledged":
            scene.session.record_answer(Operation.KEEP_ALIVE, Answer(Outcome.OK, Reason.NONE, 4.5, 4.6))
        scene.poll(5.0, appeared=["a"] if shown == "listed" else None)
        assert scene.unlisted == set()


def test_a_session_that_reappeared_stays_ours() -> None:
    """An end that was taken back is forgotten: a minute later the session is missing for a moment, and still ours."""
    scene = Scene()
    scene.session.leave("abandon")
    scene.poll(3.0, vanished=["a"])
    scene.poll(4.0)
    assert scene.session.state is State.CLOSED
    scene.poll(5.0, appeared=["a"])
    scene.poll(63.0, vanished=["a"])
    scene.poll(64.0)
    scene.poll(65.0)
    scene.poll(66.0, appeared=["a"])
    assert [kind for kind, _ in scene.observed] == ["seen", "vanished", "seen", "vanished", "seen"]
    assert scene.session.state is State.OPEN


def test_a_closed_session_that_one_list_lacks_stays_ours() -> None:
    """Stopped without effect, and missing from one list just when it would be forgotten."""
    scene = Scene()
    scene.session.record_send(Operation.STOP)
    scene.session.record_answer(Operation.STOP, Answer(Outcome.OK, Reason.NONE, 2.5, 2.6))
    scene.tracker.on_close(scene.session, 2.6)
    scene.poll(62.0)
    scene.poll(63.0, vanished=["a"])
    scene.poll(64.0, appeared=["a"])
    assert [kind for kind, _ in scene.observed] == ["seen", "vanished", "seen"]
    scene.poll(70.0, vanished=["a"])
    scene.poll(71.0)
    scene.poll(132.0)
    assert not scene.tracker.knows("a")


def test_closed_sessions_are_forgotten_without_a_list() -> None:
    """A minute after their end, also while the list is off or cannot be read: memory does not grow with the run."""
    scene = Scene()
    for number in range(2, 1000):
        session = Session(number, "p", 30.0)
        session.record_send(Operation.NEW)
        session.record_answer(Operation.NEW, Answer(Outcome.OK, Reason.NONE, 1.0, 1.1, session_id=f"id-{number}"))
        scene.tracker.on_open(session)
        session.record_send(Operation.STOP)
        session.record_answer(Operation.STOP, Answer(Outcome.OK, Reason.NONE, 2.0, 2.1))
        scene.tracker.on_close(session, 2.1)
    scene.tracker.forget(60.0)
    assert scene.tracker.knows("id-500")
    scene.tracker.forget(63.0)
    assert not any(scene.tracker.knows(f"id-{number}") for number in range(2, 1000))
    assert scene.tracker.knows("a"), "it is open"
