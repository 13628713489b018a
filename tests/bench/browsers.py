"""Twenty browsers with the Sessions page open: what they cost the process that makes the load, and whether it becomes later.

One run of a steady load; stretches with and without readers of its server-sent events take turns, so that whatever else the
machine does meets both alike.
"""

from __future__ import annotations

import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import requests

from .measurement import Budget, Measurement

BROWSERS = 20
_SCENARIO = Path(__file__).parent / "scenarios" / "watched.toml"
_LOCUSTFILE = Path(__file__).parents[2] / "locustfile.py"
_PEOPLE = 200
_BOUND_SECONDS = 60.0


class Stretch(NamedTuple):
    """Some seconds of the run, by its own clock."""

    begin: float
    end: float
    cpu_share: float
    """Of a core, of the process that makes the load."""


def measure(full: bool) -> list[Measurement]:
    """Pairs of stretches of two seconds, or of ten."""
    pairs, seconds = (12, 10.0) if full else (3, 2.0)
    with _locust() as (url, pid):
        without, watched = _take_turns(url, pid, pairs, seconds)
        history = requests.get(f"{url}/sessions/api/history", timeout=_BOUND_SECONDS).json()["columns"]
    return [_table(without, watched, history)]


def _table(without: list[Stretch], watched: list[Stretch], history: dict[str, list[float | None]]) -> Measurement:
    rows: list[list[str | float | int]] = []
    for name, stretches in (("nobody", without), (f"{BROWSERS} browsers", watched)):
        delays, lates = (_within(history, figure, stretches) for figure in ("delay", "late"))
        share = statistics.median(stretch.cpu_share for stretch in stretches)
        rows.append([name, share * 100, statistics.median(lates) * 1000, max(lates) * 1000, max(delays) * 1000])
    extra = statistics.median(one.cpu_share - other.cpu_share for one, other in zip(watched, without, strict=True))
    columns = ["who watches", "CPU, % of a core", "keep-alives late p99, ms", "highest, ms", "loop late, highest, ms"]
    return Measurement(
        f"The Sessions page, {_PEOPLE} keep-alives a second",
        columns,
        rows,
        [Budget(f"{BROWSERS} browsers on the Sessions page", extra * 100, 2.0, "% of a core")],
    )


def _within(history: dict[str, list[float | None]], figure: str, stretches: list[Stretch]) -> list[float]:
    seconds = zip(history["t"], history[figure], strict=True)
    return [
        value
        for t, value in seconds
        if t is not None and value is not None and any(each.begin + 1 <= t <= each.end + 0.5 for each in stretches)
    ]


def _take_turns(url: str, pid: int, pairs: int, seconds: float) -> tuple[list[Stretch], list[Stretch]]:
    without, watched = [], []
    for _ in range(pairs):
        without.append(_stretch(url, pid, seconds))
        with _browsers(url) as heard:
            watched.append(_stretch(url, pid, seconds))
        if min(heard) < seconds - 1:
            raise RuntimeError(f"a browser heard {min(heard)} messages in {seconds:g} s")
    return without, watched


def _stretch(url: str, pid: int, seconds: float) -> Stretch:
    begin, spent, began = _now(url), _cpu_seconds(pid), time.monotonic()
    time.sleep(seconds)  # what is measured is what they do meanwhile
    share = (_cpu_seconds(pid) - spent) / (time.monotonic() - began)
    return Stretch(begin, _now(url), share)


def _now(url: str) -> float:
    return float(_frame(url)["t"])


def _frame(url: str) -> dict[str, Any]:
    told = requests.get(f"{url}/sessions/api/state", timeout=_BOUND_SECONDS).json()
    return told["frame"] or {"t": 0.0, "held": 0}


def _cpu_seconds(pid: int) -> float:
    """Of all threads, to the nanosecond."""
    return sum(int(task.read_text().split()[0]) for task in Path(f"/proc/{pid}/task").glob("*/schedstat")) / 1e9


@contextmanager
def _browsers(url: str) -> Iterator[list[int]]:
    """So many readers of the events, a connection each, all there when this begins; how many messages each hears."""
    host, port = url.removeprefix("http://").split(":")
    request = f"GET /sessions/api/events HTTP/1.1\r\nHost: {host}:{port}\r\n\r\n".encode()
    there = threading.Barrier(BROWSERS + 1, timeout=_BOUND_SECONDS)
    connections = [socket.create_connection((host, int(port))) for _ in range(BROWSERS)]

    heard = [0] * BROWSERS

    def read(number: int) -> None:
        connections[number].sendall(request)
        connections[number].recv(1 << 16)
        there.wait()
        while said := connections[number].recv(1 << 16):
            heard[number] += said.count(b"data: ")

    for number in range(BROWSERS):
        threading.Thread(target=read, args=(number,), daemon=True).start()
    there.wait()
    yield heard
    for connection in connections:
        connection.shutdown(socket.SHUT_RDWR)
        connection.close()


@contextmanager
def _locust() -> Iterator[tuple[str, int]]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    command = [
        sys.executable,
        "-m",
        "locust",
        "-f",
        str(_LOCUSTFILE),
        "--web-port",
        str(port),
        "--scenario",
        str(_SCENARIO),
    ]
    with tempfile.TemporaryDirectory() as folder:
        process = subprocess.Popen(
            [*command, "--run-dir", folder],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            _until(lambda: _is_there(url))
            requests.post(f"{url}/swarm", data={"user_count": 1, "spawn_rate": 1, "host": ""}, timeout=_BOUND_SECONDS)
            _until(lambda: int(_frame(url)["held"]) >= _PEOPLE)
            yield url, process.pid
        finally:
            # No report is wanted, and its sandbox ends with it.
            process.kill()
            process.wait()


def _is_there(url: str) -> bool:
    try:
        return requests.get(f"{url}/sessions/api/state", timeout=_BOUND_SECONDS).ok
    except requests.ConnectionError:
        return False


def _until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + _BOUND_SECONDS
    while not condition():
        if time.monotonic() > end:
            raise RuntimeError("waited in vain")
        time.sleep(0.1)
