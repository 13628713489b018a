"""A real Locust run whose sessions are kept alive on a schedule: so many keep-alives a second, however fast they are answered.

The sessions are those of a scenario with arrivals: a first stage opens them, then nobody arrives, and each session's own timer
sends its keep-alives. The list is not polled. Event log, ledger and Locust's statistics are on.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import psutil

_LOCUSTFILE = Path(__file__).parent / "locustfiles" / "profiles_only.py"
_START_SECONDS = 20.0
_SETTLE_SECONDS = 1.0
_SCENARIO = """
about = "Sessions that are kept alive on a schedule."
poll = "0s"
observe = "0s"
session_cap = "none"

[[stages]]
name = "opening"
duration = "{opening}s"
load = {{ kept = "{total}/s" }}

[[stages]]
name = "holding"
duration = "10m"
load = {{ }}

[profiles.kept]
idle_timeout = "59m"
session_length = "2h"
arrivals = {{ rate = "{each}/s" }}
turns = {{ thinking = "2h" }}
calls = {{ start = false }}
keep_alive = {{ when = "always", every = "{every}s" }}
"""


class Schedule(NamedTuple):
    """What one process has to keep."""

    rate: float
    """Keep-alives a second."""
    every: float
    """Seconds between two of one session."""
    opening: float
    """Seconds in which the sessions are opened; a multiple of `every`, so that the rate is steady."""

    @property
    def sessions(self) -> float:
        """How many sessions that takes."""
        return self.rate * self.every


class Scheduled(NamedTuple):
    """A run whose sessions are open."""

    folder: Path
    """The run's directory."""
    leader: int
    """The process that leads the run: the only one, or the master."""
    workers: list[int]
    """Process ids; none where there is one process."""


@contextmanager
def scheduled(url: str, schedule: Schedule, processes: int = 1) -> Iterator[Scheduled]:
    """So many processes on that schedule each; with more than one, a master beside. They are killed at the end.

    Raises RuntimeError if the run does not begin, or has ended when it is no longer needed: then nothing has been measured.
    """
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        scenario = folder / "schedule.toml"
        scenario.write_text(_text(schedule, processes), encoding="utf-8")
        with (folder / "output").open("wb") as output:
            process = subprocess.Popen(
                _command(url, scenario, folder / "runs", processes),
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        try:
            yield _await_open(process, folder, schedule, processes)
            _check_running(process, folder)
        finally:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _text(schedule: Schedule, processes: int) -> str:
    each = max(1, round(schedule.sessions / schedule.opening))
    return _SCENARIO.format(each=each, total=each * processes, every=schedule.every, opening=schedule.opening)


def _command(url: str, scenario: Path, runs: Path, processes: int) -> list[str]:
    command = [sys.executable, "-m", "locust", "-f", str(_LOCUSTFILE), "--headless", "--only-summary"]
    command += ["--host", url, "--scenario", str(scenario), "--run-dir", str(runs)]
    return command + (["--processes", str(processes)] if processes > 1 else [])


def _await_open(process: subprocess.Popen[bytes], folder: Path, schedule: Schedule, processes: int) -> Scheduled:
    """Waits until the sessions are open, and a moment longer."""
    ledgers = (
        [f"spool/ledger-w{number + 1}.jsonl" for number in range(processes)] if processes > 1 else ["ledger.jsonl"]
    )
    runs = folder / "runs"
    _await(process, folder, lambda: all(any(runs.glob(f"*/{ledger}")) for ledger in ledgers))
    time.sleep(schedule.opening + _SETTLE_SECONDS)
    _check_running(process, folder)
    workers = [child.pid for child in psutil.Process(process.pid).children()] if processes > 1 else []
    if len(workers) != (processes if processes > 1 else 0):
        raise RuntimeError(f"{len(workers)} workers instead of {processes}:\n{_said(folder)}")
    return Scheduled(next(path for path in runs.iterdir() if path.is_dir()), process.pid, workers)


def _await(process: subprocess.Popen[bytes], folder: Path, condition: Callable[[], bool]) -> None:
    end = time.monotonic() + _START_SECONDS
    while not condition():
        _check_running(process, folder)
        if time.monotonic() > end:
            raise RuntimeError(f"the run does not begin:\n{_said(folder)}")
        time.sleep(0.05)


def _check_running(process: subprocess.Popen[bytes], folder: Path) -> None:
    if process.poll() is not None:
        raise RuntimeError(f"the run has ended ({process.returncode}):\n{_said(folder)}")


def _said(folder: Path) -> str:
    return (folder / "output").read_text(encoding="utf-8", errors="replace")[-2000:]
