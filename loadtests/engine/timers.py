"""The engine's timers: tasks that sleep, and a greenlet that wakes each of them on time."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Generic, TypeVar

import gevent
from gevent.hub import get_hub

from loadtests.model.maths.calendar_queue import CalendarQueue

_LONGEST_SLEEP = 0.25
_SHORTEST_SLEEP = 0.001
"""What is due within a millisecond is woken in one go: going to sleep and waking up costs as much as a request."""
_TURN = 64
"""Tasks woken in a row before the connections get their turn."""

T = TypeVar("T")


class Timers(Generic[T]):
    """Wakes sleepers: `wake(sleeper, due)` is called at `due` or as soon after it as can be."""

    def __init__(self, clock: Callable[[], float], wake: Callable[[T, float], None]) -> None:
        self._clock = clock
        self._wake = wake
        self._agenda: CalendarQueue[tuple[float, T]] = CalendarQueue()
        self._loop = get_hub().loop
        self._sleeps_until = 0.0
        """0 while it does not sleep."""
        self.longest_delay = 0.0
        """Seconds by which the loop was late at the worst; set it to 0 to begin anew."""
        self._greenlet = gevent.spawn(self._run)

    def __len__(self) -> int:
        return len(self._agenda)

    def push(self, due: float, sleeper: T) -> None:
        """Wake `sleeper` at `due`."""
        self._agenda.push((due, sleeper))
        if due < self._sleeps_until:
            self._sleeps_until = due
            self._loop.run_callback(self._get_up)

    def close(self) -> None:
        """Wake nobody any more."""
        self._greenlet.kill()

    def _run(self) -> None:
        while True:
            others_turn = self._wake_due() == _TURN
            now = self._clock()
            # Never long: a stopped process, or a hub that was blocked, is noticed without any request being due.
            until = now if others_turn else min(self._agenda.earliest() or math.inf, now + _LONGEST_SLEEP)
            self._sleep(until, 0.0 if others_turn else max(until - now, _SHORTEST_SLEEP))

    def _wake_due(self) -> int:
        woken = 0
        for due, sleeper in self._agenda.due(self._clock()):
            self._wake(sleeper, due)
            woken += 1
            if woken == _TURN:
                break
        return woken

    def _sleep(self, until: float, seconds: float) -> None:
        self._sleeps_until = until
        timer = self._loop.timer(seconds)
        timer.start(self._get_up)
        try:
            get_hub().switch()
        finally:
            self._sleeps_until, until = 0.0, self._sleeps_until
            timer.close()
        self.longest_delay = max(self.longest_delay, self._clock() - until - _SHORTEST_SLEEP)

    def _get_up(self) -> None:
        # In the hub. The timer and an earlier sleeper may both have asked for it.
        if self._sleeps_until:
            self._greenlet.switch()
