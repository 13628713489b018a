"""The connection pool: connections are created on demand, up to a maximum.

Jobs that find no free connection wait in order of arrival. The wait is part of a job's lateness but is recorded apart from the
loop's own delay: it means that the API is slow or the maximum too small.

Answers are read as they come, in the event loop's own greenlet, which must never block. What follows from them is done in a
greenlet of the pool, all answers of one turn of the loop together. If a behaviour of the user's blocks that greenlet, another one
takes over.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable
from functools import partial
from typing import Generic, Protocol, TypeVar

import gevent
from gevent.hub import get_hub

from loadtests.http.connection import Connection
from loadtests.http.exchange import Exchange
from loadtests.processes.greenlets import start_loop, start_task

logger = logging.getLogger(__name__)

MOST_CONNECTIONS = 1000
_WATCHDOG_SECONDS = 0.25
_BATCH = 64
"""Answers processed in a row before timers and connections have their turn."""


class Job(Protocol):
    """A request for the pool."""

    data: bytes
    """The complete request."""
    is_repeatable: bool
    """Whether it has the same effect once or twice."""
    is_cut: bool
    """Whether only its first half is sent, then the connection is closed."""
    submitted: float
    """When it began to wait for a connection; 0: it did not wait."""
    queued: float
    """Seconds spent waiting for a connection."""


J = TypeVar("J", bound=Job)


class _Worker(Generic[J]):
    """A connection of the pool, and the job that it carries out."""

    __slots__ = ("connection", "done", "job")

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.job: J | None = None
        self.done: Callable[[Exchange], None]


class Pool(Generic[J]):
    """Carries out each job on a connection of its own, then calls `done` with the exchange, in a greenlet that may block.

    `rest` is called after the answers that came together.
    """

    def __init__(
        self,
        connect: Callable[[], Connection],
        done: Callable[[J, Exchange], None],
        rest: Callable[[], None],
        clock: Callable[[], float],
        timeout: float,
        most: int = MOST_CONNECTIONS,
        on_error: Callable[[], None] = lambda: None,
    ) -> None:
        self._connect = connect
        self._done = done
        self._rest = rest
        self._clock = clock
        self._timeout = timeout
        self._most = most
        self._on_error = on_error
        self._loop = get_hub().loop
        self._workers: list[_Worker[J]] = []
        self._idle: list[_Worker[J]] = []
        self._waiting: deque[J] = deque()
        self._answered: deque[tuple[_Worker[J], Exchange]] = deque()
        self._is_scheduled = False
        """Whether the loop will wake a greenlet for what is answered."""
        self._processors: set[gevent.Greenlet] = set()
        self._resting: list[gevent.Greenlet] = []
        self._watchdog = start_loop("checking for overdue requests", self._time_out_overdue, on_error)

    @property
    def busy(self) -> int:
        """The number of requests in flight."""
        return len(self._workers) - len(self._idle)

    @property
    def waiting(self) -> int:
        """The number of jobs that wait for a connection."""
        return len(self._waiting)

    def submit(self, job: J) -> None:
        """Carries out `job` as soon as a connection is free."""
        if self._idle:
            self._start(self._idle.pop(), job)
        elif len(self._workers) < self._most:
            self._start(self._new_worker(), job)
        else:
            job.submitted = self._clock()
            self._waiting.append(job)

    def withdraw_waiting(self) -> list[J]:
        """Removes and returns the jobs that wait for a connection."""
        jobs = list(self._waiting)
        self._waiting.clear()
        return jobs

    def close(self) -> None:
        """Ends all greenlets and closes all connections."""
        self._watchdog.kill()
        gevent.killall(list(self._processors))
        for worker in self._workers:
            worker.connection.close()
        self._answered.clear()

    def _new_worker(self) -> _Worker[J]:
        worker: _Worker[J] = _Worker(self._connect())
        worker.done = partial(self._take_exchange, worker)
        worker.connection.on_error = self._on_error
        self._workers.append(worker)
        return worker

    def _start(self, worker: _Worker[J], job: J) -> None:
        worker.job = job
        worker.connection.start(job.data, worker.done, job.is_repeatable, job.is_cut)

    def _take_exchange(self, worker: _Worker[J], exchange: Exchange) -> None:
        """Notes an answer. Runs in the hub, or in the greenlet that has opened the connection."""
        self._answered.append((worker, exchange))
        if not self._is_scheduled:
            self._schedule()

    def _schedule(self) -> None:
        self._is_scheduled = True
        self._loop.run_callback(self._wake_processor)

    def _wake_processor(self) -> None:
        # Runs in the hub. Without a greenlet that rests, a behaviour blocks the one that there is.
        self._is_scheduled = False
        if self._resting:
            self._resting.pop().switch()
        else:
            self._processors.add(start_task("processing answers", self._process, on_error=self._on_error))

    def _process(self) -> None:
        pause = get_hub().switch
        current = gevent.getcurrent()
        while True:
            for _ in range(_BATCH):
                if not self._answered:
                    break
                self._process_one(*self._answered.popleft())
            self._rest()
            if self._answered and not self._is_scheduled:
                self._schedule()
            self._resting.append(current)
            pause()

    def _process_one(self, worker: _Worker[J], exchange: Exchange) -> None:
        job, worker.job = worker.job, None
        assert job is not None
        if self._waiting:
            following = self._waiting.popleft()
            following.queued = self._clock() - following.submitted
            self._start(worker, following)
        else:
            self._idle.append(worker)
        try:
            self._done(job, exchange)
        except Exception:
            self._on_error()
            logger.exception("Internal error after an answer")

    def _time_out_overdue(self) -> float:
        latest_start = self._clock() - self._timeout
        for worker in self._workers:
            since = worker.connection.busy_since
            if 0 < since < latest_start:
                worker.connection.time_out(since)
        return _WATCHDOG_SECONDS
