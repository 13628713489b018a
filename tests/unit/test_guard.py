"""The guard of a run, shared out over its workers."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from loadtests.model.api.answer import Reason
from loadtests.model.run.guard import UNGUARDED, Guard


@given(max_open=st.integers(1, 10_000), workers=st.integers(1, 40))
def test_shares_add_up_and_are_even(max_open: int, workers: int) -> None:
    """Together the workers may have open what the run may, and nobody more than one above another."""
    shares = [Guard(max_open).share(index, workers).max_open for index in range(workers)]
    assert None not in shares
    known = [share for share in shares if share is not None]
    assert sum(known) == max_open
    assert max(known) - min(known) <= 1


@given(max_open=st.integers(1, 10_000), workers=st.integers(1, 40), late=st.integers(0, 5))
def test_a_late_worker_may_open_nothing(max_open: int, workers: int, late: int) -> None:
    """What the run may have open has been given out."""
    guard = Guard(max_open).share(workers + late, workers)
    assert guard.objection(0, 0.0) is Reason.MAX_OPEN


def test_no_bound_is_no_bound_for_anybody() -> None:
    """Nor for those who come late."""
    assert UNGUARDED.share(7, 2).objection(10**6, 10**9) is None


def test_session_minutes_are_the_runs_not_shared() -> None:
    """The master adds them up: a worker alone never has more than all may use."""
    assert Guard(4, 1.5).share(0, 2) == Guard(2, 1.5)
