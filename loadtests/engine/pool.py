"""The connection pool: one greenlet for each connection, created on demand up to a maximum.

Jobs that find no free connection wait in order of arrival. The wait is part of a job's lateness but is recorded apart from the
loop's own delay: it means that the API is slow or the maximum too small.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable
from typing import Generic, Protocol, TypeVar

import gevent
from gevent.hub import get_hub

from loadtests.http.connection import Connection, Exchange
from loadtests.model.api.answer import Reason
from loadtests.processes.greenlets import start_loop

logger = logging.getLogger(__name__)

MOST_CONNECTIONS = 1000
_WATCHDOG_SECONDS = 0.25


class Job(Protocol):
    """A request for the pool."""

    submitted: float
    queued: float
    """Seconds spent waiting for a connection."""

    def carry_out(self, connection: Connection) -> Exchange:
        """Sends the request and reads its answer."""


J = TypeVar("J", bound=Job)


class Pool(Generic[J]):
    """Carries out each job on a connection of its own, then calls `done` with the exchange, in the connection's greenlet."""

    def __init__(
        self,
        connect: Callable[[], Connection],
        done: Callable[[J, Exchange], None],
        clock: Callable[[], float],
        timeout: float,
        most: int = MOST_CONNECTIONS,
        on_error: Callable[[], None] = lambda: None,
    ) -> None:
        self._connect = connect
        self._done = done
        self._clock = clock
        self._timeout = timeout
        self._most = most
        self._on_error = on_error
        self._workers: dict[gevent.Greenlet, Connection] = {}
        self._idle: list[gevent.Greenlet] = []
        self._waiting: deque[J] = deque()
        self._finishing: set[gevent.Greenlet] = set()
        self._following: dict[gevent.Greenlet, J] = {}
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
        job.submitted = self._clock()
        current = gevent.getcurrent()
        if current in self._finishing:
            # A call that follows an answer directly reuses its connection, without a greenlet switch.
            self._finishing.discard(current)
            self._following[current] = job
        elif self._idle:
            get_hub().loop.run_callback(self._idle.pop().switch, job)
        elif len(self._workers) < self._most:
            connection = self._connect()
            worker = gevent.Greenlet(self._work, connection, job)
            self._workers[worker] = connection
            worker.start()
        else:
            self._waiting.append(job)

    def withdraw_waiting(self) -> list[J]:
        """Removes and returns the jobs that wait for a connection."""
        jobs = list(self._waiting)
        self._waiting.clear()
        return jobs

    def close(self) -> None:
        """Ends all greenlets and closes all connections."""
        self._watchdog.kill()
        gevent.killall(list(self._workers))
        for connection in self._workers.values():
            connection.close()

    def _work(self, connection: Connection, job: J) -> None:
        current = gevent.getcurrent()
        while True:
            exchange = self._carry_out(job, connection)
            self._finishing.add(current)
            try:
                self._done(job, exchange)
            except Exception:
                self._on_error()
                logger.exception("Internal error after an answer")
            self._finishing.discard(current)
            following = self._following.pop(current, None)
            if following is not None:
                job = following
            elif self._waiting:
                job = self._waiting.popleft()
                job.queued = self._clock() - job.submitted
            else:
                job = self._wait_for_job()

    def _carry_out(self, job: J, connection: Connection) -> Exchange:
        try:
            return job.carry_out(connection)
        except Exception:
            self._on_error()
            logger.exception("Internal error during a request")
            connection.close()
            connection.busy_since = 0.0
            now = self._clock()
            # How far the request got is not known.
            return Exchange(now, now, 0.0, failure=Reason.RESET)

    def _wait_for_job(self) -> J:
        self._idle.append(gevent.getcurrent())
        job: J = get_hub().switch()
        return job

    def _time_out_overdue(self) -> float:
        latest_start = self._clock() - self._timeout
        for worker, connection in list(self._workers.items()):
            if 0 < connection.busy_since < latest_start:
                get_hub().loop.run_callback(_time_out, worker, connection, connection.busy_since)
        return _WATCHDOG_SECONDS


def _time_out(worker: gevent.Greenlet, connection: Connection, since: float) -> None:
    # Runs in the hub. Check again: since the watchdog's check, the request may have ended and the next one begun.
    if connection.busy_since == since:
        worker.throw(TimeoutError())
