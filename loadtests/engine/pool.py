"""The connection pool: a greenlet for each connection, made when there is none idle, up to a bound.

Jobs that find no connection wait in the order in which they came. How long one waited is part of its lateness, and told
apart from the loop's own delay: it speaks of the API's slowness, or of a bound that is too small.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Generic, Protocol, TypeVar

import gevent
from gevent.hub import get_hub

from loadtests.http.connection import Connection, Exchange

MOST_CONNECTIONS = 1000
_LOOK_EACH_SECONDS = 0.25


class Job(Protocol):
    """One request to be made."""

    submitted: float
    queued: float
    """Seconds spent waiting for a connection."""

    def carry_out(self, connection: Connection) -> Exchange:
        """Make the request."""


J = TypeVar("J", bound=Job)


class Pool(Generic[J]):
    """Carries jobs out, each on a connection of its own; `done` is told of each exchange, in the connection's greenlet."""

    def __init__(
        self,
        connect: Callable[[], Connection],
        done: Callable[[J, Exchange], None],
        clock: Callable[[], float],
        timeout: float,
        most: int = MOST_CONNECTIONS,
    ) -> None:
        self._connect = connect
        self._done = done
        self._clock = clock
        self._timeout = timeout
        self._most = most
        self._workers: dict[gevent.Greenlet, Connection] = {}
        self._idle: list[gevent.Greenlet] = []
        self._waiting: deque[J] = deque()
        self._finishing: set[gevent.Greenlet] = set()
        self._following: dict[gevent.Greenlet, J] = {}
        self._watchdog = gevent.spawn(self._watch)

    @property
    def busy(self) -> int:
        """Requests under way."""
        return len(self._workers) - len(self._idle)

    @property
    def waiting(self) -> int:
        """Jobs without a connection."""
        return len(self._waiting)

    def submit(self, job: J) -> None:
        """Carry `job` out as soon as there is a connection."""
        job.submitted = self._clock()
        me = gevent.getcurrent()
        if me in self._finishing:
            # A call that follows upon an answer goes out on the connection that brought it, without any switch.
            self._finishing.discard(me)
            self._following[me] = job
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
        """The jobs that no connection has taken yet; they will not be carried out."""
        jobs = list(self._waiting)
        self._waiting.clear()
        return jobs

    def close(self) -> None:
        """End all greenlets and close all connections."""
        self._watchdog.kill()
        gevent.killall(list(self._workers))
        for connection in self._workers.values():
            connection.close()

    def _work(self, connection: Connection, job: J) -> None:
        me = gevent.getcurrent()
        while True:
            exchange = job.carry_out(connection)
            self._finishing.add(me)
            self._done(job, exchange)
            self._finishing.discard(me)
            following = self._following.pop(me, None)
            if following is not None:
                job = following
            elif self._waiting:
                job = self._waiting.popleft()
                job.queued = self._clock() - job.submitted
            else:
                job = self._rest()

    def _rest(self) -> J:
        me = gevent.getcurrent()
        self._idle.append(me)
        job: J = get_hub().switch()
        return job

    def _watch(self) -> None:
        while True:
            gevent.sleep(_LOOK_EACH_SECONDS)
            before = self._clock() - self._timeout
            for worker, connection in list(self._workers.items()):
                if 0 < connection.busy_since < before:
                    get_hub().loop.run_callback(_give_up, worker, connection, connection.busy_since)


def _give_up(worker: gevent.Greenlet, connection: Connection, since: float) -> None:
    # In the hub, at the moment of throwing: the request may have ended since the watchdog looked, and another begun.
    if connection.busy_since == since:
        worker.throw(TimeoutError())
