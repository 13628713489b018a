"""When a watch looks again: every so often, within its budget, later when the API says so."""

from __future__ import annotations

from collections import deque

from hypothesis import given
from hypothesis import strategies as st

from loadtests.model.api.answer import Answer, Outcome, Reason
from loadtests.monitoring.pace import HOUR, Pace, RequestBudget
from loadtests.observing.list_snapshot import ListSnapshot


def look(intended: float, pages: int = 1, *, ok: bool = True, retry_after: float = 0.0) -> ListSnapshot:
    """A look that was answered at once."""
    reason = Reason.NONE if ok else Reason.RATE
    answer = Answer(Outcome.OK if ok else Outcome.FAIL, reason, intended, intended, retry_after=retry_after)
    snapshot = ListSnapshot.without_list(intended, answer)
    snapshot.requests = pages
    return snapshot


def test_looks_are_on_a_grid() -> None:
    """A late look does not shift those after it."""
    pace = Pace(10, RequestBudget(1000))
    assert pace.next_look(look(0), 0.5) == 10
    assert pace.next_look(look(10), 11) == 20
    assert pace.next_look(look(20), 43) == 50


def test_failures_are_followed_by_longer_pauses() -> None:
    """Up to a minute; the first list ends them."""
    pace = Pace(10, RequestBudget(1000))
    now, pauses = 0.0, []
    for _ in range(6):
        at = pace.next_look(look(now, ok=False), now)
        pauses.append(at - now)
        now = at
    assert pauses == [10, 20, 40, 60, 60, 60]
    assert pace.next_look(look(now), now) == now + 10


def test_retry_after_is_waited_for() -> None:
    """However long; a shorter one does not hasten the next look."""
    pace = Pace(10, RequestBudget(1000))
    assert pace.next_look(look(0, ok=False, retry_after=300), 1) == 301
    assert pace.next_look(look(400, retry_after=3), 400) == 410


def test_pages_stretch_the_interval() -> None:
    """100 requests an hour and 5 pages: 20 looks an hour."""
    pace = Pace(10, RequestBudget(100))
    assert pace.interval == 36
    assert pace.next_look(look(0, pages=5), 1) == 180


@given(st.lists(st.integers(1, 30), min_size=1, max_size=80), st.integers(1, 40), st.sampled_from([1.0, 10.0, 300.0]))
def test_no_hour_has_more_requests_than_the_budget(pages: list[int], per_hour: int, every: float) -> None:
    """Whatever the number of pages does."""
    budget = RequestBudget(per_hour)
    pace = Pace(every, budget)
    at, sent = 0.0, deque[float]()
    for number in pages:
        got = sum(budget.take(at) for _ in range(number))
        assert got >= 1
        sent.extend([at] * got)
        at = pace.next_look(look(at, pages=got), at)
    for i, first in enumerate(sent):
        assert sum(first <= other < first + HOUR for other in list(sent)[i:]) <= per_hour
