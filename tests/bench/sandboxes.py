"""How many keep-alives the sandbox serves, by its own CPU time, beside an ASGI app that does nothing."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from contextlib import AbstractContextManager

import psutil

from .engines import engine_for, keeping_alive, open_sessions, run_together
from .measurement import Budget, Measurement
from .servers import Server, bare_asgi, sandbox

_CONNECTIONS = 32


def measure(full: bool) -> list[Measurement]:
    """Keep-alives a CPU second with few and with many sessions open."""
    many, requests, repeat = (1_000_000, 60_000, 5) if full else (20_000, 12_000, 3)
    asked: dict[str, tuple[Callable[[], AbstractContextManager[Server]], int]] = {
        "bare ASGI app (the floor)": (bare_asgi, _CONNECTIONS),
        "sandbox": (sandbox, _CONNECTIONS),
        "sandbox, many open": (sandbox, many),
    }
    rows: list[list[str | float | int]] = []
    for name, (serve, sessions) in asked.items():
        served, both = _served(serve, sessions, requests, repeat)
        rows.append([name, sessions, served, served / float(rows[0][2]) if rows else 1.0, both])
    budget = Budget(
        f"sandbox, {many:,} sessions open: keep-alives a CPU second", float(rows[-1][2]), 15_000, "a second", False
    )
    columns = [
        "server",
        "sessions open",
        "served a CPU second",
        "of the floor",
        "a second on the clock, engine beside it",
    ]
    note = "The floor sends head and body apart, as uvicorn does; the sandbox joins them."
    return [Measurement("The sandbox", columns, rows, [budget], note)]


def _served(
    serve: Callable[[], AbstractContextManager[Server]], sessions: int, requests: int, repeat: int
) -> tuple[float, float]:
    served, both = [], []
    with serve() as server, engine_for(server.url) as engine:
        process = psutil.Process(server.pid)
        opened = open_sessions(engine, sessions)
        for _ in range(repeat):
            before, wall = sum(process.cpu_times()[:2]), time.monotonic()
            each = requests // _CONNECTIONS
            run_together(engine, [keeping_alive(engine, opened[i::_CONNECTIONS], each) for i in range(_CONNECTIONS)])
            served.append(each * _CONNECTIONS / (sum(process.cpu_times()[:2]) - before))
            both.append(each * _CONNECTIONS / (time.monotonic() - wall))
    return statistics.median(served), statistics.median(both)
