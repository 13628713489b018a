"""The engine's timers: a queue of sleeping tasks, and a greenlet that wakes each of them on time."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable
from typing import Generic, TypeVar

from gevent.hub import get_hub

from loadtests.model.maths.calendar_queue import CalendarQueue, Waiting
from loadtests.processes.greenlets import start_loop

_LONGEST_SLEEP = 0.25
_SHORTEST_SLEEP = 0.001
"""Tasks due within 1 ms are woken together: one more sleep of the greenlet costs as much as a request."""
_BATCH = 64
"""Tasks woken in a row before the greenlet yields to the connections."""

T = TypeVar("T", bound=Waiting)

logger = logging.getLogger(__name__)


class Timers(Generic[T]):
    """Calls `wake(sleeper, sleeper.due)` at `sleeper.due`, or as soon after it as possible."""

    def __init__(
        self, clock: Callable[[], float], wake: Callable[[T, float], None], on_error: Callable[[], None] = lambda: None
    ) -> None:
        self._clock = clock
        self._wake = wake
        self._on_error = on_error
        self._queue: CalendarQueue[T] = CalendarQueue()
        self._loop = get_hub().loop
        self._sleeps_until = 0.0
        """0 while the greenlet is awake."""
        self.longest_delay = 0.0
        """The longest delay of the loop, in seconds; set it to 0 to start a new measurement."""
        self._greenlet = start_loop("waking tasks", self._run, on_error)

    def __len__(self) -> int:
        return len(self._queue)

    def push(self, sleeper: T) -> None:
        """Wakes `sleeper` at its time."""
        self._queue.push(sleeper)
        if sleeper.due < self._sleeps_until:
            self._sleeps_until = sleeper.due
            self._loop.run_callback(self._wake_up)

    def close(self) -> None:
        """Stops; sleepers are not woken."""
        self._greenlet.kill()

    def _run(self) -> None:
        """Returns never; after an exception the loop starts it again."""
        while True:
            yields = self._wake_due() == _BATCH
            now = self._clock()
            # Bounded, so that a suspended process or a blocked hub is noticed even when nothing is due.
            until = now if yields else min(self._queue.earliest() or math.inf, now + _LONGEST_SLEEP)
            self._sleep(until, 0.0 if yields else max(until - now, _SHORTEST_SLEEP))

    def _wake_due(self) -> int:
        woken = 0
        for sleeper in self._queue.due(self._clock()):
            woken += 1
            try:
                self._wake(sleeper, sleeper.due)
            except Exception:
                self._on_error()
                logger.exception("Internal error while a task was woken")
            if woken == _BATCH:
                break
        return woken

    def _sleep(self, until: float, seconds: float) -> None:
        self._sleeps_until = until
        timer = self._loop.timer(seconds)
        timer.start(self._wake_up)
        try:
            get_hub().switch()
        finally:
            self._sleeps_until, until = 0.0, self._sleeps_until
            timer.close()
        self.longest_delay = max(self.longest_delay, self._clock() - until - _SHORTEST_SLEEP)

    def _wake_up(self) -> None:
        # Runs in the hub. Both the timer and `push` may have scheduled it.
        if self._sleeps_until:
            self._greenlet.switch()
