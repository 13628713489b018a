"""A worker's clock against the master's."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadtests.distributed.clock import ClockOffset, ClockReading, offset

DELAYS = st.floats(0, 5)
TRIPS = st.lists(st.tuples(DELAYS, DELAYS), min_size=1, max_size=8)
ROUNDING = 1e-6


def asked_over(trips: list[tuple[float, float]], true: float, began: float) -> list[ClockReading]:
    """Questions whose way there and back took so long, of a master whose clock is `true` ahead."""
    readings, now = [], began
    for there, back in trips:
        readings.append(ClockReading(now, now + there + true, now + there + back))
        now += there + back
    return readings


@given(trips=TRIPS, true=st.floats(-1e5, 1e5), began=st.floats(0, 1e5))
def test_the_true_offset_lies_within_the_stated_error(
    trips: list[tuple[float, float]], true: float, began: float
) -> None:
    """However unequal the ways there and back are."""
    found = offset(asked_over(trips, true, began))
    assert abs(found.seconds - true) <= found.error + ROUNDING


@given(trips=TRIPS, true=st.floats(-1e5, 1e5))
def test_the_error_is_half_the_least_round_trip(trips: list[tuple[float, float]], true: float) -> None:
    """One quick answer among slow ones is enough."""
    found = offset(asked_over(trips, true, 0.0))
    assert found.error == pytest.approx(min(there + back for there, back in trips) / 2, abs=ROUNDING)


def test_no_answer_is_no_offset() -> None:
    """Whoever has no reading must not go on as if the clocks agreed."""
    with pytest.raises(ValueError, match="empty"):
        offset([])


@given(first=TRIPS, later=TRIPS, true=st.floats(-1e5, 1e5), drift=st.floats(-2, 2))
def test_a_drift_is_within_the_error_that_is_told_later(
    first: list[tuple[float, float]], later: list[tuple[float, float]], true: float, drift: float
) -> None:
    """The offset of the beginning stays in use: by how much it may be off is told as of a later measurement."""
    used = offset(asked_over(first, true, 0.0))
    now = offset(asked_over(later, true + drift, 1e4))
    assert abs(used.seconds - (true + drift)) <= used.error_now(now) + ROUNDING


def test_two_clocks_that_agree_have_the_error_of_the_trip() -> None:
    """An hour's difference is no error."""
    assert ClockOffset(3600.0, 0.1).error_now(ClockOffset(3600.0, 0.2)) == pytest.approx(0.2)
