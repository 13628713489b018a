"""How late keep-alives are at half of the rate that can be had at all: one process, everything recorded.

First the rate at which the generator and its server are saturated: keep-alives as fast as they are answered. Then half of it on a
schedule, however fast they are answered: each of many sessions has its own timer. The list is not polled. Each keep-alive's
lateness is in the run's own event log.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from loadtests.model.log.record import NANOSECONDS, Observation
from loadtests.recording.recorder import FILE
from reports.log.compaction import readable

from .interleaved import median_interval
from .locusts import locust_process, reading
from .measurement import Budget, Measurement
from .runs import locust_run
from .servers import Server, nginx, nginx_path, sandbox

_PERSONS = 32
_SATURATED_WINDOWS, _SATURATED_SECONDS = 5, 0.4
_START_SECONDS = 20.0
_WINDOW_SECONDS = 1.0
"""The engine's beat is once a second: each window has one."""
_UNWRITTEN_SECONDS = 1.0
"""The log may lack so much of its end."""
_SETTLE_SECONDS = 1.0
_LIMIT_MILLISECONDS = 5.0

_SCENARIO = """
about = "Only the profile, and that the list is not polled: the load is one Locust user."
poll = "0s"
observe = "0s"

[[stages]]
duration = "1h"
load = {{ kept = 1 }}

[profiles.kept]
idle_timeout = "59m"
session_length = "2h"
turns = {{ thinking = "2h" }}
keep_alive = {{ when = "always", every = "{every}s" }}
arrivals = {{ model = "closed" }}
"""

_Server = Callable[[], AbstractContextManager[Server]]


class _Length(NamedTuple):
    """How long it is measured."""

    every: float
    """Seconds between two keep-alives of a session."""
    opening: float
    """Seconds in which the sessions are opened."""
    windows: int


_QUICK, _FULL = _Length(0.5, 3.0, 6), _Length(5.0, 30.0, 60)


class _Found(NamedTuple):
    """At half of saturation; lateness and delays in milliseconds."""

    saturated: float
    """Keep-alives a second."""
    rate: float
    """Keep-alives that were due in a second."""
    sessions: int
    p50: float
    p99s: list[float]
    """Of each window."""
    highest: float
    delays: list[float]
    """The longest delay of the engine's loop, of each window."""


def measure(full: bool) -> list[Measurement]:
    """Against nginx, and with `full` against the sandbox too; against the sandbox alone where nginx is not installed."""
    servers: dict[str, _Server] = {"nginx": nginx} if nginx_path() else {}
    if full or not servers:
        servers["sandbox"] = sandbox
    length = _FULL if full else _QUICK
    return [_table({name: _found(server, length) for name, server in servers.items()}, length)]


def _found(start: _Server, length: _Length) -> _Found:
    with start() as server:
        saturated = _saturation(server.url)
    with start() as server:
        return _at_half(server.url, saturated, length)


def _saturation(url: str) -> float:
    """Returns the keep-alives a second of a process that sends each as soon as the one before is answered."""
    with tempfile.TemporaryDirectory() as folder:
        state = Path(folder) / "state"
        process = locust_process("streamsoak", url, _PERSONS, Path(folder), state, {})
        try:
            end = time.monotonic() + _START_SECONDS
            while reading(state) < 1000:
                if process.poll() is not None or time.monotonic() > end:
                    raise RuntimeError("the generator makes no requests")
                time.sleep(0.05)
            time.sleep(_SATURATED_SECONDS)
            return statistics.median(_rate(state) for _ in range(_SATURATED_WINDOWS))
        finally:
            process.kill()
            process.wait()


def _rate(state: Path) -> float:
    began, before = time.monotonic(), reading(state)
    time.sleep(_SATURATED_SECONDS)
    return (reading(state) - before) / (time.monotonic() - began)


def _at_half(url: str, saturated: float, length: _Length) -> _Found:
    sessions = round(saturated / 2 * length.every)
    with tempfile.TemporaryDirectory() as folder:
        scenario = Path(folder) / "scheduled.toml"
        scenario.write_text(_SCENARIO.format(every=length.every), encoding="utf-8")
        variables = {"BENCH_SESSIONS": str(sessions), "BENCH_OPENING": str(length.opening)}
        options = ["--scenario", str(scenario), "--load", "users"]
        with locust_run("kept", url, 1, options, variables) as run:
            run.await_beginning()
            time.sleep(length.opening + _SETTLE_SECONDS + length.windows * _WINDOW_SECONDS + _UNWRITTEN_SECONDS)
            return _read(run.folder / FILE, saturated, length.windows)


def _read(log: Path, saturated: float, windows: int) -> _Found:
    """Reads the last windows of a log that is still being written. A keep-alive belongs to the window in which it was due."""
    due, late, sessions, loops = _columns(log)
    last = due.max() / NANOSECONDS - _UNWRITTEN_SECONDS
    edges = last - np.arange(windows, -1, -1) * _WINDOW_SECONDS
    window = np.searchsorted(edges, due / NANOSECONDS) - 1
    groups = [late[window == number] / 1e6 for number in range(windows)]
    measured = np.concatenate(groups)
    return _Found(
        saturated,
        len(measured) / (windows * _WINDOW_SECONDS),
        len(np.unique(sessions[window >= 0])),
        float(np.percentile(measured, 50)),
        [float(np.percentile(group, 99)) for group in groups],
        float(measured.max()),
        [1000 * value for at, value in loops if edges[0] < at / NANOSECONDS <= edges[-1] + _WINDOW_SECONDS],
    )


_Numbers = npt.NDArray[np.int64]


def _columns(log: Path) -> tuple[_Numbers, _Numbers, _Numbers, list[tuple[int, float]]]:
    """Returns of each keep-alive when it was due, how late it was (both ns) and its session; and the loop's longest delays."""
    calls: list[tuple[_Numbers, _Numbers, _Numbers]] = []
    loops: list[tuple[int, float]] = []
    for batch in readable(log):
        kinds = np.asarray(batch["kind"].cast("string"))
        due, sent, session = (np.asarray(batch[name]) for name in ("intended", "t", "session"))
        chosen = kinds == "keep_alive"
        calls.append((due[chosen], (sent - due)[chosen], session[chosen]))
        beats = kinds == Observation.LOOP.value
        loops += zip(sent[beats].tolist(), np.asarray(batch["value"])[beats].tolist(), strict=True)
    due, late, sessions = (np.concatenate(column) for column in zip(*calls, strict=True))
    return due, late, sessions, loops


def _table(found: dict[str, _Found], length: _Length) -> Measurement:
    columns = ["server", "saturated at, a second", "keep-alives a second", "sessions", "lateness p50, ms"]
    columns += ["p99, ms (95 % interval)", "worst window's p99, ms", "highest, ms", "loop delay, ms", "its highest, ms"]
    rows: list[list[str | float | int]] = []
    budgets: list[Budget] = []
    for name, one in found.items():
        p99, (low, high) = statistics.median(one.p99s), median_interval(one.p99s)
        row: list[str | float | int] = [name, round(one.saturated), round(one.rate), one.sessions, one.p50]
        row += [f"{p99:.3g} ({low:.3g} to {high:.3g})", max(one.p99s), one.highest]
        rows.append([*row, statistics.median(one.delays), max(one.delays)])
        what = f"lateness p99 at half of saturation ({name})"
        budgets.append(Budget(what, p99, _LIMIT_MILLISECONDS, "ms", interval=(low, high)))
    title = "Lateness of keep-alives at half of saturation, one process, everything recorded"
    note = (
        f"{length.windows} windows of {_WINDOW_SECONDS:g} s: the median of their p99, and of their longest loop delay;"
        f" a keep-alive of each session every {length.every:g} s"
    )
    return Measurement(title, columns, rows, budgets, note)
