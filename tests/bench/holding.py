"""Sessions held by one load process and kept alive: memory, lateness, CPU time, at growing numbers.

`python -m tests.bench.holding URL SESSIONS EVERY SECONDS` opens and holds them in a process of its own, by the same behaviours
as any run, and tells of itself as JSON. Lists are not looked at: they would be a load of their own.
"""

from __future__ import annotations

import subprocess
import sys
import time
from itertools import count
from pathlib import Path

import gevent
import msgspec
import psutil

from loadtests.engine.engine import Engine
from loadtests.model.api.answer import GONE, Answer
from loadtests.model.api.operation import Operation
from loadtests.model.maths.histogram import Histogram
from loadtests.model.people.draw import Draw
from loadtests.model.people.profile import build_profile
from loadtests.model.session.behaviour import arrivals
from loadtests.model.session.listener import EngineListener
from loadtests.model.session.person import Person
from loadtests.model.session.steps import Call

from .engines import engine_for
from .measurement import Budget, Measurement
from .servers import sandbox

_OPENED_AT_MOST_SECONDS = 180.0
_OPENED_IN_SECONDS = 170.0
"""At the most: else as many a second as there will be keep-alives."""
_QUICK = ((1_000, 5.0, 6.0), (10_000, 5.0, 6.0))
_FULL = ((1_000, 60.0, 120.0), (10_000, 60.0, 120.0), (100_000, 60.0, 600.0), (1_000_000, 240.0, 180.0))
"""Sessions, seconds between the keep-alives of each, seconds held. A million a minute would be more than the sandbox serves."""
_LEAST_IDLE_TIMEOUT, _IDLE_TIMEOUT = 30.0, 2.5
"""Seconds, by the API's rules; and of the keep-alives' interval: one may be lost."""
_PROFILE = {
    "name": "bench",
    "session_length": 86_400,
    "turns": {"thinking": 86_400},
    "calls": {"start": False},
}


class Held(msgspec.Struct):
    """What holding them came to."""

    sessions: int
    every: float
    opening_seconds: float
    session_bytes: float
    """Of each that was opened after the first few, which make the connections."""
    keep_alives: int
    a_second: float
    lateness_p50: float
    lateness_p99: float
    lateness_highest: float
    loop_highest: float
    """The engine's own part of the lateness at its worst; the rest was waiting for a connection."""
    request_microseconds: float
    lost: int
    """Sessions that were gone when a keep-alive came."""


class _Listener(EngineListener):
    def __init__(self) -> None:
        self.lateness = Histogram()
        self.highest = 0.0
        self.lost = 0

    def on_answer(self, call: Call, answer: Answer, size: int) -> None:
        """Record how late a call was, and whether its session was gone."""
        if call.operation is Operation.KEEP_ALIVE:
            late = answer.sent - call.intended
            self.lateness.add(late)
            self.highest = max(self.highest, late)
            self.lost += answer.reason in GONE


def measure(full: bool) -> list[Measurement]:
    """Up to 100,000 for ten minutes and 1,000,000 for three, or up to 10,000 for some seconds."""
    return [table([held(*asked) for asked in (_FULL if full else _QUICK)])]


def table(found: list[Held]) -> Measurement:
    """The figures, and those of the largest number against the budgets."""
    columns = [
        "sessions",
        "a keep-alive each, s",
        "opened in, s",
        "bytes a session",
        "keep-alives a second",
        "lateness p50, ms",
        "lateness p99, ms",
        "highest, ms",
        "of it our loop, ms",
    ]
    columns += ["CPU of a request, µs", "lost to idleness"]
    rows: list[list[str | float | int]] = [
        [
            held.sessions,
            held.every,
            held.opening_seconds,
            held.session_bytes,
            held.a_second,
            held.lateness_p50 * 1000,
            held.lateness_p99 * 1000,
            held.lateness_highest * 1000,
            held.loop_highest * 1000,
            held.request_microseconds,
            held.lost,
        ]
        for held in found
    ]
    return Measurement(
        "Sessions held by one process",
        columns,
        rows,
        _budgets(found[-1]),
        grows=["bytes a session", "CPU of a request, µs", "lateness p99, ms"],
    )


def held(sessions: int, every: float, seconds: float) -> Held:
    """Open and hold so many against a sandbox of their own."""
    with sandbox() as server:
        command = [sys.executable, "-m", "tests.bench.holding", server.url, *map(str, (sessions, every, seconds))]
        return msgspec.json.decode(subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout, type=Held)


def _budgets(most: Held) -> list[Budget]:
    said, late = f"{most.sessions:,} sessions", 100.0 if most.sessions > 100_000 else 25.0
    return [
        Budget(f"{said}: memory of one", most.session_bytes, 1200, "bytes"),
        Budget(f"{said}: lateness p99", most.lateness_p99 * 1000, late, "ms"),
        Budget(f"{said}: lost to idleness", most.lost, 0, "sessions"),
        Budget(f"{said}: opened within", most.opening_seconds, _OPENED_AT_MOST_SECONDS, "s"),
    ]


def _hold(url: str, sessions: int, every: float, seconds: float) -> Held:
    listener, process = _Listener(), psutil.Process()
    kept = {
        "idle_timeout": max(_LEAST_IDLE_TIMEOUT, _IDLE_TIMEOUT * every),
        "keep_alive": {"when": "always", "every": every},
    }
    profile = build_profile("bench", {**_PROFILE, **kept}, Path(), (1, 3599))
    number = count(1).__next__

    def person(visit: int) -> Person:
        return Person(profile, Draw.of(1, "bench", visit), number)

    opened_a_second = sessions / min(every, _OPENED_IN_SECONDS)

    def rate(t: float) -> float:
        return opened_a_second if len(engine.sessions) < sessions else 0.0

    with engine_for(url) as engine:
        engine.add_listener(listener)
        began, few = engine.now(), min(2000, sessions // 2)
        stream = engine.start(arrivals(rate, opened_a_second, person, Draw.of(1, "stream"), began))
        _await(engine, few)
        before = process.memory_info().rss
        _await(engine, sessions)
        engine.stop(stream)
        opening, grown = engine.now() - began, process.memory_info().rss - before
        engine.tick()
        loop = 0.0
        listener.lateness.clear()
        listener.highest = 0.0
        cpu, began = time.process_time(), engine.now()
        while engine.now() < began + seconds:
            gevent.sleep(1.0)
            loop = max(loop, engine.tick())
        cpu, took, made = time.process_time() - cpu, engine.now() - began, listener.lateness.count
    p50, p99 = (listener.lateness.percentile(share) or 0.0 for share in (0.5, 0.99))
    each, price = grown / (sessions - few), cpu / max(1, made) * 1e6
    return Held(
        sessions, every, opening, each, made, made / took, p50, p99, listener.highest, loop, price, listener.lost
    )


def _await(engine: Engine, sessions: int) -> None:
    beat = engine.now()
    while len(engine.sessions) < sessions:
        gevent.sleep(0.05)
        if engine.now() > beat + 1:
            beat = engine.now()
            engine.tick()


if __name__ == "__main__":
    sys.stdout.buffer.write(msgspec.json.encode(_hold(sys.argv[1], int(sys.argv[2]), *map(float, sys.argv[3:]))))
