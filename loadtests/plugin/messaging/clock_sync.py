"""Measures the offset of the master's clock from a worker's."""

from __future__ import annotations

import time
from collections.abc import Callable

from gevent.event import AsyncResult

from loadtests.distributed.clock import ClockOffset, ClockReading, offset
from loadtests.model.text.input_error import InputError

_READINGS = 8
_READING_SECONDS = 1.0


class ClockSync:
    """Sends a request with `send(now)`; answers arrive by `receive`."""

    def __init__(self, send: Callable[[float], object]) -> None:
        self._send = send
        self._sent = 0.0
        self._answer: AsyncResult[float] = AsyncResult()

    def receive(self, sent: float, there: float) -> None:
        """The master's clock showed `there` after the request sent at `sent`; late answers are ignored."""
        if sent == self._sent:
            self._answer.set(there)

    def measure(self) -> ClockOffset:
        """Returns the offset of the master's clock from several requests. Raises InputError if the master does not answer."""
        readings = [reading for _ in range(_READINGS) if (reading := self._read())]
        if not readings:
            raise InputError.of("master", "does not answer clock requests: does it run the same version of streamsoak?")
        return offset(readings)

    def _read(self) -> ClockReading | None:
        self._answer, self._sent = AsyncResult(), time.monotonic()
        self._send(self._sent)
        there = self._answer.wait(_READING_SECONDS)
        return None if there is None else ClockReading(self._sent, there, time.monotonic())
