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
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import psutil

from loadtests.model.run.manifest import SPOOL
from loadtests.model.run.run_name import RUNS
from loadtests.run.process import ledger_file

_LOCUSTFILE = Path(__file__).parent / "locustfiles" / "profiles_only.py"
_OUTPUT = "output"
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
duration = "5m"
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


class Scheduled:
    """A run of so many processes, with a master beside if there is more than one."""

    def __init__(self, process: subprocess.Popen[bytes], place: Path, opening: float, processes: int) -> None:
        self._process = process
        self._place = place
        self.opening = opening
        """Seconds in which the sessions are opened."""
        self._workers = processes if processes > 1 else 0
        self.leader = process.pid
        """Process id of the only process, or of the master."""

    @property
    def folder(self) -> Path:
        """The run's directory."""
        return next(path.parent for path in (self._place / RUNS).glob("*/manifest.json"))

    @property
    def workers(self) -> list[int]:
        """Their process ids; none where there is one process."""
        children = [child.pid for child in psutil.Process(self.leader).children()] if self._workers else []
        if len(children) != self._workers:
            raise RuntimeError(f"{len(children)} workers instead of {self._workers}:\n{self._said()}")
        return children

    def await_beginning(self) -> None:
        """Waits until the first session can be opened. Raises RuntimeError if the run does not begin."""
        numbers = range(1, self._workers + 1)
        ledgers = [f"*/{SPOOL}/{ledger_file(number)}" for number in numbers] or [f"*/{ledger_file(0)}"]
        end = time.monotonic() + _START_SECONDS
        while not all(any((self._place / RUNS).glob(ledger)) for ledger in ledgers):
            self.check()
            if time.monotonic() > end:
                raise RuntimeError(f"the run does not begin:\n{self._said()}")
            time.sleep(0.02)

    def check(self) -> None:
        """Raises RuntimeError if the run has ended."""
        if self._process.poll() is not None:
            raise RuntimeError(f"the run has ended ({self._process.returncode}):\n{self._said()}")

    def _said(self) -> str:
        return (self._place / _OUTPUT).read_text(encoding="utf-8", errors="replace")[-2000:]


@contextmanager
def scheduled(url: str, schedule: Schedule, processes: int = 1) -> Iterator[Scheduled]:
    """Starts the run, and kills it at the end. Raises RuntimeError if it has ended before: then nothing has been measured."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        scenario = place / "schedule.toml"
        scenario.write_text(_text(schedule, processes), encoding="utf-8")
        with (place / _OUTPUT).open("wb") as output:
            command = _command(url, scenario, place / RUNS, processes)
            process = subprocess.Popen(command, stdout=output, stderr=output, start_new_session=True)
        try:
            run = Scheduled(process, place, schedule.opening, processes)
            yield run
            run.check()
        finally:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def await_open(*runs: Scheduled) -> None:
    """Waits until the sessions of all these runs are open, and a moment longer. Raises RuntimeError if a run does not begin."""
    for run in runs:
        run.await_beginning()
    time.sleep(max(run.opening for run in runs) + _SETTLE_SECONDS)
    for run in runs:
        run.check()


def _text(schedule: Schedule, processes: int) -> str:
    each = max(1, round(schedule.sessions / schedule.opening))
    return _SCENARIO.format(each=each, total=each * processes, every=schedule.every, opening=schedule.opening)


def _command(url: str, scenario: Path, runs: Path, processes: int) -> list[str]:
    command = [sys.executable, "-m", "locust", "-f", str(_LOCUSTFILE), "--headless", "--only-summary"]
    command += ["--host", url, "--scenario", str(scenario), "--run-dir", str(runs)]
    return command + (["--processes", str(processes)] if processes > 1 else [])
