"""Timers: on time, in order, and fair to the connections when more is due than can be done."""

from __future__ import annotations

import time
from dataclasses import dataclass
from itertools import pairwise

import gevent
import pytest

from loadtests.engine.timers import _BATCH, Timers

BOUND = 10.0


@dataclass
class _Sleeper:
    due: float
    number: int = 0


def test_sleepers_wake_in_order_and_not_before_they_are_due() -> None:
    """Whatever the order in which they went to sleep."""
    woken: list[tuple[int, float]] = []
    timers: Timers[_Sleeper] = Timers(
        time.monotonic, lambda sleeper, due: woken.append((sleeper.number, time.monotonic() - due))
    )
    now = time.monotonic()
    for number, seconds in ((3, 0.06), (1, 0.02), (2, 0.04)):
        timers.push(_Sleeper(now + seconds, number))
    with gevent.Timeout(BOUND):
        while len(woken) < 3:
            gevent.sleep(0.001)
    timers.close()
    assert [number for number, _ in woken] == [1, 2, 3]
    assert all(late >= 0 for _, late in woken)


def test_connections_get_their_turn_under_overload() -> None:
    """A hundred batches are due at once: between two batches, other greenlets run."""
    woken, turns = [], []
    timers: Timers[_Sleeper] = Timers(time.monotonic, lambda sleeper, due: woken.append(sleeper))
    due = time.monotonic()
    for _ in range(100 * _BATCH):
        timers.push(_Sleeper(due))

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

    def wake(sleeper: _Sleeper, due: float) -> None:
        if sleeper.number == 1:
            raise ValueError("of the first")
        woken.append(sleeper.number)

    timers: Timers[_Sleeper] = Timers(time.monotonic, wake, lambda: errors.append(1))
    now = time.monotonic()
    for number in (1, 2, 3):
        timers.push(_Sleeper(now + number / 100, number))
    with gevent.Timeout(BOUND):
        while len(woken) < 2:
            gevent.sleep(0.001)
    timers.close()
    assert (woken, errors) == ([2, 3], [1])
    assert "of the first" in caplog.text
