"""The connection pool: its bound, its queue, its watchdog."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import gevent
import pytest

from loadtests.engine.pool import Pool
from loadtests.http.connection import Connection
from loadtests.http.exchange import Exchange
from loadtests.http.route import route_to
from loadtests.model.api.answer import Reason

if TYPE_CHECKING:
    from tests.integration.conftest import FaultServer, Peer, Script

    Servers = Callable[..., FaultServer]

BOUND = 15.0


@dataclass
class Asking:
    """A job of one request."""

    text: str = "hello"
    submitted: float = 0.0
    queued: float = 0.0
    is_repeatable: bool = False
    is_cut: bool = False

    @property
    def data(self) -> bytes:
        """The request's bytes."""
        return b"POST / HTTP/1.1\r\nHost: test\r\nContent-Length: %d\r\n\r\n%b" % (len(self.text), self.text.encode())


@dataclass
class Rig:
    """A pool, and what it has told."""

    pool: Pool[Asking]
    told: list[tuple[Asking, Exchange]] = field(default_factory=list)

    def submit(self, *texts: str) -> None:
        """Submit a job for each text."""
        for text in texts:
            self.pool.submit(Asking(text))

    def await_told(self, count: int) -> list[tuple[Asking, Exchange]]:
        """Wait until `count` jobs are done."""
        until(lambda: len(self.told) >= count)
        return self.told


def until(condition: Callable[[], bool]) -> None:
    """Let the pool work until `condition`, which must come within the bound."""
    with gevent.Timeout(BOUND):
        while not condition():
            gevent.sleep(0.005)


@contextlib.contextmanager
def rig(url: str, most: int = 1000, timeout: float = 60.0) -> Iterator[Rig]:
    """A pool with connections to `url`, closed at the end."""
    route = route_to(url)
    told: list[tuple[Asking, Exchange]] = []
    pool: Pool[Asking] = Pool(
        lambda: Connection(route),
        lambda job, exchange: told.append((job, exchange)),
        lambda: None,
        time.monotonic,
        timeout,
        most,
    )
    try:
        yield Rig(pool, told)
    finally:
        with gevent.Timeout(BOUND):
            pool.close()


class Gate:
    """A script that holds each request until it is opened, and counts the connections at once."""

    def __init__(self) -> None:
        self.opened = threading.Event()
        self.holding = 0
        self.most = 0
        self._lock = threading.Lock()

    def __call__(self, peer: Peer) -> None:
        """Serve one connection."""
        with self._lock:
            self.holding += 1
            self.most = max(self.most, self.holding)
        while peer.request():
            self.opened.wait(BOUND)
            peer.answer()
        with self._lock:
            self.holding -= 1


def test_bound_is_respected_and_every_job_is_done(fault_server: Servers) -> None:
    """However many jobs come, there are never more connections than the bound, and each job is carried out once."""
    gate = Gate()
    server = fault_server(gate)
    texts = [f"job {n}" for n in range(12)]
    with rig(server.url, most=3) as pooled:
        pooled.submit(*texts)
        until(lambda: len(server.requests) == 3)
        assert (pooled.pool.busy, pooled.pool.waiting) == (3, 9)
        gate.opened.set()
        told = pooled.await_told(12)
        until(lambda: pooled.pool.busy == 0)
        assert pooled.pool.waiting == 0
    assert gate.most == 3
    assert sorted(job.text for job, _ in told) == sorted(texts)
    assert all(exchange.failure is Reason.NONE for _, exchange in told)
    assert sorted(server.requests) == sorted(Asking(text).data for text in texts)


def test_connections_are_used_again(fault_server: Servers, polite: Script) -> None:
    """Jobs that come one after the other share one connection."""
    server = fault_server(polite)
    with rig(server.url) as pooled:
        for n in range(1, 6):
            pooled.submit(f"job {n}")
            pooled.await_told(n)
            until(lambda: pooled.pool.busy == 0)
    assert server.connections == 1


def test_job_that_waits_is_told_how_long_it_queued(fault_server: Servers) -> None:
    """Time spent waiting for a connection is told, and is none for whom there was one."""
    gate = Gate()
    server = fault_server(gate)
    with rig(server.url, most=1) as pooled:
        pooled.submit("first", "second")
        until(lambda: bool(server.requests))
        waited_from = time.monotonic()
        until(lambda: time.monotonic() > waited_from + 0.2)
        gate.opened.set()
        (first, _), (second, exchange) = pooled.await_told(2)
    assert first.queued == 0
    assert 0.2 <= second.queued <= exchange.sent - second.submitted
    assert second.queued < BOUND


def test_jobs_wait_in_the_order_in_which_they_came(fault_server: Servers, polite: Script) -> None:
    """The queue is first come, first served."""
    server = fault_server(polite)
    texts = [f"job {n}" for n in range(20)]
    with rig(server.url, most=1) as pooled:
        pooled.submit(*texts)
        told = pooled.await_told(20)
    assert [job.text for job, _ in told] == texts
    assert server.requests == [Asking(text).data for text in texts]


def test_watchdog_gives_a_hanging_request_up_and_the_pool_goes_on(fault_server: Servers, polite: Script) -> None:
    """A request without an answer is `timeout` not before its time and within a second after it; the next job is done."""

    def hanging(peer: Peer) -> None:
        peer.request()
        peer.request()

    server = fault_server(hanging, polite)
    with rig(server.url, most=1, timeout=0.5) as pooled:
        pooled.submit("hangs", "goes on")
        (first, given_up), (second, done) = pooled.await_told(2)
    assert (first.text, given_up.failure, given_up.was_sent) == ("hangs", Reason.TIMEOUT, True)
    assert 0.5 <= given_up.answered - (given_up.sent - given_up.connecting) <= 1.5
    assert (second.text, done.failure, done.status) == ("goes on", Reason.NONE, 200)
    assert server.requests == [Asking("hangs").data, Asking("goes on").data]


def test_watchdog_leaves_idle_connections_alone(fault_server: Servers, polite: Script) -> None:
    """A connection that rests for longer than the timeout is no hanging request."""
    server = fault_server(polite)
    with rig(server.url, timeout=0.3) as pooled:
        pooled.submit("first")
        pooled.await_told(1)
        rested = time.monotonic()
        until(lambda: time.monotonic() > rested + 0.9)
        pooled.submit("second")
        told = pooled.await_told(2)
    assert [exchange.failure for _, exchange in told] == [Reason.NONE] * 2
    assert server.connections == 1


def test_timeout_of_one_request_never_falls_upon_the_next(fault_server: Servers) -> None:
    """When the process stood still for longer than the timeout, a request that was sent only then has all its time."""
    standing_still = threading.Event()

    def serve(peer: Peer) -> None:
        peer.request()
        standing_still.wait(BOUND)
        peer.answer()
        peer.request()
        time.sleep(0.05)
        peer.answer()
        peer.request()

    for _ in range(5):
        standing_still.clear()
        server = fault_server(serve)
        with rig(server.url, most=1, timeout=0.4) as pooled:
            pooled.submit("late", "next")
            until(lambda here=server: bool(here.requests))
            standing_still.set()
            # The whole process is blocked, so that the answer and the watchdog's turn come at once.
            time.sleep(0.8)
            (late, _), (following, exchange) = pooled.await_told(2)
        assert (late.text, following.text) == ("late", "next")
        assert exchange.failure is Reason.NONE, f"given up {exchange.answered - exchange.sent:.3f} s after it was sent"


def test_jobs_given_back_are_not_sent(fault_server: Servers) -> None:
    """`give_back` returns the jobs that wait, in their order; what is under way is finished."""
    gate = Gate()
    server = fault_server(gate)
    with rig(server.url, most=1) as pooled:
        pooled.submit("under way", "waits", "waits too")
        until(lambda: bool(server.requests))
        back = pooled.pool.withdraw_waiting()
        gate.opened.set()
        told = pooled.await_told(1)
        until(lambda: pooled.pool.busy == 0)
    assert [job.text for job in back] == ["waits", "waits too"]
    assert [(job.text, exchange.failure) for job, exchange in told] == [("under way", Reason.NONE)]
    assert server.requests == [Asking("under way").data]


def test_closing_ends_what_is_under_way_and_closes_connections(fault_server: Servers) -> None:
    """`close` ends idle and busy connections alike: the server sees both go."""

    def serve(peer: Peer) -> None:
        if b"answer me" in peer.request():
            peer.answer()
        assert peer.request() == b""

    server = fault_server(serve)
    with rig(server.url) as pooled:
        pooled.submit("answer me", "hang")
        until(lambda: len(server.requests) == 2 and len(pooled.told) == 1)
    assert {server.closed.get(timeout=BOUND) for _ in range(2)} == {1, 2}


def test_refused_connections_do_not_use_the_pool_up(fault_server: Servers) -> None:
    """Jobs that cannot connect are all told so, however small the pool."""
    server = fault_server(lambda peer: None)
    server.close()
    with rig(server.url, most=2) as pooled:
        pooled.submit(*(f"job {n}" for n in range(10)))
        told = pooled.await_told(10)
    assert {(exchange.failure, exchange.was_sent) for _, exchange in told} == {(Reason.CONNECT, False)}


@pytest.mark.parametrize("most", [1, 5])
def test_pool_serves_on_while_the_server_keeps_breaking_connections(fault_server: Servers, most: int) -> None:
    """With a server that breaks every second connection each job is told its own result, once."""

    def breaks(peer: Peer) -> None:
        peer.request()

    def serves(peer: Peer) -> None:
        peer.request()
        peer.answer(b"{}", 200, "Connection: close")

    server = fault_server(*[breaks, serves] * 20)
    with rig(server.url, most=most) as pooled:
        pooled.submit(*(f"job {n}" for n in range(40)))
        told = pooled.await_told(40)
    assert sorted(exchange.failure for _, exchange in told) == [Reason.NONE] * 20 + [Reason.RESET] * 20
    assert len({job.text for job, _ in told}) == 40
    assert len(server.requests) == 40
