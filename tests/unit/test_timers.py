"""Timers: on time, in order, and fair to the connections when more is due than can be done."""

from __future__ import annotations

import time
from itertools import pairwise

import gevent
import pytest

from loadtests.engine.timers import _BATCH, Timers

BOUND = 10.0


def test_sleepers_wake_in_order_and_not_before_they_are_due() -> None:
    """Whatever the order in which they went to sleep."""
    woken: list[tuple[str, float]] = []
    timers: Timers[str] = Timers(time.monotonic, lambda sleeper, due: woken.append((sleeper, time.monotonic() - due)))
    now = time.monotonic()
    for name, seconds in (("c", 0.06), ("a", 0.02), ("b", 0.04)):
        timers.push(now + seconds, name)
    with gevent.Timeout(BOUND):
        while len(woken) < 3:
            gevent.sleep(0.001)
    timers.close()
    assert [name for name, _ in woken] == ["a", "b", "c"]
    assert all(late >= 0 for _, late in woken)


def test_connections_get_their_turn_under_overload() -> None:
    """A hundred batches are due at once: between two batches, other greenlets run."""
    woken, turns = [], []
    timers: Timers[int] = Timers(time.monotonic, lambda sleeper, due: woken.append(sleeper))
    due = time.monotonic()
    for number in range(100 * _BATCH):
        timers.push(due, number)

    def other() -> None:
        while len(woken) < 100 * _BATCH:
            turns.append(len(woken))
            gevent.sleep(0)

    with gevent.Timeout(BOUND):
        gevent.spawn(other).join()
    timers.close()
    assert max(after - before for before, after in pairwise(turns)) <= 2 * _BATCH


def test_an_error_in_a_task_ends_nothing_else(caplog: pytest.LogCaptureFixture) -> None:
    """It is counted and logged, and the next sleeper wakes."""
    woken: list[int] = []
    errors: list[int] = []

    def wake(sleeper: int, due: float) -> None:
        if sleeper == 1:
            raise ValueError("of the first")
        woken.append(sleeper)

    timers: Timers[int] = Timers(time.monotonic, wake, lambda: errors.append(1))
    now = time.monotonic()
    for number in (1, 2, 3):
        timers.push(now + number / 100, number)
    with gevent.Timeout(BOUND):
        while len(woken) < 2:
            gevent.sleep(0.001)
    timers.close()
    assert (woken, errors) == ([2, 3], [1])
    assert "of the first" in caplog.text
