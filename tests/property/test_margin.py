"""What each activity left of the idle timeout, walked through in parts, against what is plain to see."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from reports.log.margin import last_before

PLACES = 4

_CALLS = st.lists(st.tuples(st.integers(0, PLACES - 1), st.booleans()), max_size=40)


@given(parts=st.lists(_CALLS, max_size=5))
def test_the_last_acknowledged_call_before_each(parts: list[list[tuple[int, bool]]]) -> None:
    """Of the same session, in an earlier part or in the same; one that failed does not count."""
    last = np.full(PLACES, np.nan)
    seen: dict[int, float] = {}
    now = 0.0
    for in_time in parts:
        calls = sorted(in_time, key=lambda call: call[0])
        times = now + np.arange(len(calls), dtype=float)
        now += len(calls)
        expected = []
        for (place, is_ok), t in zip(calls, times, strict=True):
            expected.append(seen.get(place, np.nan))
            if is_ok:
                seen[place] = t
        place = np.array([place for place, _ in calls], dtype=np.intp)
        found = last_before(place, times, np.array([is_ok for _, is_ok in calls], dtype=bool), last)
        np.testing.assert_array_equal(found, expected)
