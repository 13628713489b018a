"""The queue hands out what is due in order, whatever is pushed meanwhile: the same as a list that is always sorted."""

from __future__ import annotations

from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

from loadtests.model.maths.calendar_queue import CalendarQueue

_TIMES = st.floats(0, 40, allow_nan=False) | st.sampled_from([0.0, 0.125, 1.0, 10.0])
_STEPS = st.lists(st.tuples(st.lists(_TIMES, max_size=6), _TIMES), max_size=12)
"""Pushes, and until when to take."""


@dataclass(frozen=True)
class _Entry:
    due: float
    number: float = 0


@given(_STEPS)
def test_entries_come_in_order(steps: list[tuple[list[float], float]]) -> None:
    """By time, then as they came; none early, none left behind, none twice."""
    queue: CalendarQueue[_Entry] = CalendarQueue()
    waiting: list[_Entry] = []
    came = 0
    for pushes, until in steps:
        for when in pushes:
            came += 1
            queue.push(_Entry(when, came))
            waiting.append(_Entry(when, came))
        waiting.sort(key=lambda entry: (entry.due, entry.number))
        assert queue.earliest() == (waiting[0].due if waiting else None)
        due = [entry for entry in waiting if entry.due <= until]
        assert list(queue.due(until)) == due
        waiting = waiting[len(due) :]
    assert len(queue) == len(waiting)


@given(st.lists(st.tuples(_TIMES, _TIMES), min_size=1, max_size=10))
def test_what_is_pushed_meanwhile_is_handed_out_too(chains: list[tuple[float, float]]) -> None:
    """Each entry that is taken puts another one down; those that are due are taken in the same go."""
    queue: CalendarQueue[_Entry] = CalendarQueue()
    for when, wait in chains:
        queue.push(_Entry(when, wait))
    taken = []
    for entry in queue.due(20.0):
        taken.append(entry.due)
        if entry.number:
            queue.push(_Entry(entry.due + entry.number))
    wanted = [when for when, _ in chains if when <= 20]
    wanted += [when + wait for when, wait in chains if wait and when <= 20 and when + wait <= 20]
    assert taken == sorted(wanted)
