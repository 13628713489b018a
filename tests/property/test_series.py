"""A run's figures over time stay bounded, and what is thinned out leaves its worst behind."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadtests.webui.frame import Frame
from loadtests.webui.series import FIGURES, LEVELS, MOST_POINTS, Bin, Series

FRAMES = st.lists(
    st.builds(
        lambda active, late, margin, hits: {"active": active, "late": late, "margin": margin, "hits": hits},
        st.integers(0, 1000),
        st.none() | st.floats(0, 10),
        st.none() | st.floats(-10, 100),
        st.integers(0, 3),
    ),
    min_size=1,
    max_size=400,
)


def _filled(frames: list[dict[str, float | None]], size: int) -> Series:
    series, hits = Series(size), 0
    for second, figures in enumerate(frames):
        hits += int(figures["hits"] or 0)
        series.add(Frame(float(second), **{**figures, "hits": hits}))  # type: ignore[arg-type]
    return series


def _value(point: Bin, name: str) -> float | None:
    return point.values[list(FIGURES).index(name)]


@given(FRAMES, st.integers(2, 5))
def test_thinning_keeps_the_order_the_bound_and_what_a_reader_looks_for(
    frames: list[dict[str, float | None]], size: int
) -> None:
    """The mean of gauges, the last of counts, the worst lateness, the least margin."""
    series = _filled(frames, size)
    points = list(series)
    assert len(points) <= LEVELS * size
    assert sum(point.seconds for point in points) == len(frames)
    times = [_value(point, "t") or 0.0 for point in points]
    assert all(before < after for before, after in pairwise(times))
    assert times[-1] == len(frames) - 1
    mean = sum((_value(point, "active") or 0) * point.seconds for point in points)
    assert mean == pytest.approx(sum(figures["active"] or 0 for figures in frames))
    assert _value(points[-1], "hits") == sum(int(figures["hits"] or 0) for figures in frames)
    for name, worst in (("late", max), ("margin", min)):
        known = [figures[name] for figures in frames if figures[name] is not None]
        kept = [_value(point, name) for point in points if _value(point, name) is not None]
        assert worst(kept, default=None) == worst(known, default=None)


@given(FRAMES, st.integers(2, 5))
def test_the_latest_seconds_are_never_thinned(frames: list[dict[str, float | None]], size: int) -> None:
    """A reader watches these."""
    latest = list(_filled(frames, size))[-(size - 1) :]
    assert all(point.seconds == 1 for point in latest)


def test_half_a_day_fits_and_its_first_minutes_are_still_there() -> None:
    """43,200 seconds in 2,400 points at the most, none coarser than some minutes."""
    series = Series()
    for second in range(12 * 3600):
        series.add(Frame(float(second), active=5))
    columns = series.columns()
    assert len(columns["t"]) == len(series) <= MOST_POINTS
    assert columns["t"][0] <= 300
    assert max(after - before for before, after in pairwise(columns["t"])) <= 256
    assert set(columns["active"]) == {5.0}
