"""Telling strangers from sessions of the run's own."""

from __future__ import annotations

from loadtests.model.api.answer import Outcome
from loadtests.observing.foreign_sessions import ForeignSessions
from loadtests.observing.list_snapshot import ListSnapshot


class Scene:
    """A run of which `ours` are the ids that are known, and whose `new` are all answered before `known_until`."""

    def __init__(self) -> None:
        self.ours: set[str] = set()
        self.known_until = 0.0
        self.noted: list[tuple[str, float, str]] = []
        self.before: list[str] = []
        self.strangers = ForeignSessions(
            lambda session_id: session_id in self.ours,
            lambda: self.known_until,
            lambda kind, value, detail, at: self.noted.append((kind, value, detail)),
            lambda session_id, created: self.before.append(session_id),
        )

    def look(self, at: float, *appeared: str, vanished: tuple[str, ...] = (), outcome: Outcome = Outcome.OK) -> None:
        """The list was asked for at `at`, and answered a tenth of a second later."""
        shown = [(session_id, 1.7e9) for session_id in appeared]
        self.strangers.update(
            ListSnapshot(at, at, at + 0.1, outcome, since=at - 1, appeared=shown, vanished=list(vanished), count=0)
        )


def test_nobody_is_a_stranger_while_a_new_is_under_way() -> None:
    """Its answer may come later than the list that shows what it opened."""
    scene = Scene()
    scene.look(5.0, "a", "b")
    assert scene.noted == []
    scene.ours.add("a")
    scene.known_until = 6.0
    scene.look(6.0)
    assert scene.noted == [("stranger", 1.7e9, "b")]
    assert scene.strangers.listed == {"b"}


def test_a_stranger_that_goes_is_told_once() -> None:
    """With the last look that had it."""
    scene = Scene()
    scene.known_until = 100.0
    scene.look(5.0, "b")
    scene.look(6.0, vanished=("b",))
    scene.look(7.0)
    assert scene.noted == [("stranger", 1.7e9, "b"), ("stranger-gone", 5.0, "b")]
    assert scene.strangers.listed == set()


def test_what_goes_before_it_is_known_is_nobodys() -> None:
    """A session of ours, closed before its worker could tell of it, is no stranger."""
    scene = Scene()
    scene.look(5.0, "a")
    scene.look(6.0, vanished=("a",))
    scene.known_until = 100.0
    scene.look(7.0)
    assert scene.noted == []


def test_only_what_the_first_list_had_was_there_before() -> None:
    """Whoever comes later may have been opened by a lost answer of the run's: a suspect."""
    scene = Scene()
    scene.known_until = 100.0
    scene.look(1.0, "others")
    scene.look(2.0, "later")
    assert scene.before == ["others"]


def test_a_look_that_failed_shows_nothing() -> None:
    """Neither who is there, nor who has gone; and it is not the first."""
    scene = Scene()
    scene.known_until = 100.0
    scene.look(1.0, "x", outcome=Outcome.UNKNOWN)
    scene.look(2.0, "others")
    scene.look(3.0, vanished=("others",), outcome=Outcome.FAIL)
    assert scene.before == ["others"]
    assert scene.strangers.listed == {"others"}
