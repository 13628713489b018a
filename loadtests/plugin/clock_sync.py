"""A worker's questions for the master's clock."""

from __future__ import annotations

import time
from collections.abc import Callable

from gevent.event import AsyncResult

from loadtests.distributed.clock import ClockOffset, ClockReading, offset
from loadtests.model.text.input_error import InputError

_READINGS = 8
_READING_SECONDS = 1.0


class ClockSync:
    """Asks by `ask(now)`; whoever hears an answer gives it to `told`."""

    def __init__(self, ask: Callable[[float], object]) -> None:
        self._ask = ask
        self._asked = 0.0
        self._answer: AsyncResult[float] = AsyncResult()

    def receive(self, asked: float, there: float) -> None:
        """The master's clock showed `there` when it was asked at `asked`; an answer that comes too late is passed over."""
        if asked == self._asked:
            self._answer.set(there)

    def measure(self) -> ClockOffset:
        """The offset of the master's clock, after some questions. Raises InputError if the master does not answer."""
        readings = [reading for _ in range(_READINGS) if (reading := self._read())]
        if not readings:
            raise InputError.of("master", "does not tell the time: is it a streamsoak of the same version?")
        return offset(readings)

    def _read(self) -> ClockReading | None:
        self._answer, self._asked = AsyncResult(), time.monotonic()
        self._ask(self._asked)
        there = self._answer.wait(_READING_SECONDS)
        return None if there is None else ClockReading(self._asked, there, time.monotonic())
