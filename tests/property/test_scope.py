"""A scope knows the sessions that it opened and that are still held, and looks through few others."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from loadtests.engine.task import TaskScope
from loadtests.model.session.session import Session


@given(closes=st.lists(st.one_of(st.none(), st.integers(0, 100)), max_size=200))
def test_it_keeps_what_is_held(closes: list[int | None]) -> None:
    """Sessions are opened one after the other, and now and then one is closed: none that is held is forgotten."""
    scope, held = TaskScope(), dict[int, Session]()
    most = 0
    for number, close in enumerate(closes, 1):
        session = Session(number, "test", 60.0)
        held[number] = session
        scope.opens(session, held)
        if close is not None and close in held:
            del held[close]
        most = max(most, len(held))
        assert [one for one in scope.sessions if one.number in held] == list(held.values())
        assert len(scope.sessions) <= 2 * most + 2


def test_who_opens_many_does_not_look_through_all_of_them_for_each() -> None:
    """Ten thousand that stay: each is looked at a few times, not ten thousand."""
    scope, held = TaskScope(), Counting()
    for number in range(10_000):
        scope.opens(Session(number, "test", 60.0), held)
    assert held.asked <= 30_000


class Counting(list[int]):
    """Holds every number, and counts how often it is asked."""

    asked = 0

    def __contains__(self, number: object) -> bool:
        self.asked += 1
        return True
