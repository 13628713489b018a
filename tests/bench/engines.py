"""An engine with everything recorded, and people who do nothing but keep sessions alive."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import cycle
from pathlib import Path

from gevent import sleep

from loadtests.engine.engine import Engine
from loadtests.http.codec import Codec
from loadtests.http.connection import Connection
from loadtests.http.route import route_to
from loadtests.model.api.description.default import default_api
from loadtests.model.api.operation import Operation
from loadtests.model.session.session import Session
from loadtests.model.session.steps import Behaviour, Call
from loadtests.recording.ledger import Ledger
from loadtests.recording.recorder import Recorder


@contextmanager
def engine_for(url: str) -> Iterator[Engine]:
    """An engine on a log and a ledger of its own."""
    route = route_to(url)
    zero = time.monotonic()

    def now() -> float:
        return time.monotonic() - zero

    with tempfile.TemporaryDirectory() as folder:
        recorder, ledger = Recorder(Path(folder), ["bench"]), Ledger(Path(folder))
        api = Codec(route, default_api(), "bench", {})
        engine = Engine(api, lambda: Connection(route, now), recorder, ledger, now, 30.0)
        yield engine
        engine.close()
        recorder.close()
        ledger.close()


def run_together(engine: Engine, behaviours: list[Behaviour]) -> None:
    """Run the behaviours until all have ended, with a beat each second as in any run."""
    left = [len(behaviours)]

    def counted(behaviour: Behaviour) -> Behaviour:
        yield from behaviour
        left[0] -= 1

    for behaviour in behaviours:
        engine.start(counted(behaviour))
    beat = engine.now()
    while left[0]:
        sleep(0.01)
        if engine.now() > beat + 1:
            beat = engine.now()
            engine.tick()


def open_sessions(engine: Engine, count: int, at_once: int = 32) -> list[Session]:
    """So many sessions, opened by `at_once` people one after the other."""
    opened: list[Session] = []
    shares = [range(start, count, at_once) for start in range(at_once)]
    run_together(engine, [_opening(engine, share, opened) for share in shares])
    return opened


def keeping_alive(engine: Engine, sessions: list[Session], count: int) -> Behaviour:
    """Keep-alives, one after the other, as fast as they are answered."""
    for _, session in zip(range(count), cycle(sessions), strict=False):
        yield Call(session, Operation.KEEP_ALIVE, engine.now())


def _opening(engine: Engine, numbers: range, into: list[Session]) -> Behaviour:
    for number in numbers:
        session = Session(number + 1, "bench", 3599.0)
        yield Call(session, Operation.NEW, engine.now())
        into.append(session)
