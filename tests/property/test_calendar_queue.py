"""The queue hands out what is due in order, whatever is pushed meanwhile: the same as a list that is always sorted."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from loadtests.model.maths.calendar_queue import CalendarQueue

_TIMES = st.floats(0, 40, allow_nan=False) | st.sampled_from([0.0, 0.125, 1.0, 10.0])
_STEPS = st.lists(st.tuples(st.lists(_TIMES, max_size=6), _TIMES), max_size=12)
"""Pushes, and until when to take."""


@given(_STEPS)
def test_entries_come_in_order(steps: list[tuple[list[float], float]]) -> None:
    """By time, then as they came; none early, none left behind, none twice."""
    queue: CalendarQueue[tuple[float, int]] = CalendarQueue()
    waiting: list[tuple[float, int]] = []
    came = 0
    for pushes, until in steps:
        for when in pushes:
            came += 1
            queue.push((when, came))
            waiting.append((when, came))
        waiting.sort()
        assert queue.earliest() == (waiting[0][0] if waiting else None)
        due = [entry for entry in waiting if entry[0] <= until]
        assert list(queue.due(until)) == due
        waiting = waiting[len(due) :]
    assert len(queue) == len(waiting)


@given(st.lists(st.tuples(_TIMES, _TIMES), min_size=1, max_size=10))
def test_what_is_pushed_meanwhile_is_handed_out_too(chains: list[tuple[float, float]]) -> None:
    """Each entry that is taken puts another one down; those that are due are taken in the same go."""
    queue: CalendarQueue[tuple[float, float]] = CalendarQueue()
    for when, wait in chains:
        queue.push((when, wait))
    taken = []
    for when, wait in queue.due(20.0):
        taken.append(when)
        if wait:
            queue.push((when + wait, 0.0))
    wanted = [when for when, _ in chains if when <= 20]
    wanted += [when + wait for when, wait in chains if wait and when <= 20 and when + wait <= 20]
    assert taken == sorted(wanted)
