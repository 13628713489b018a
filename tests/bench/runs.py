"""A run of streamsoak by Locust, of one process or of several and a master, that goes on until it is killed."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import psutil

from loadtests.model.run.manifest import SPOOL
from loadtests.run.process import ledger_file

_LOCUSTFILES = Path(__file__).parent / "locustfiles"
_RUNS, _OUTPUT = "runs", "output"
_START_SECONDS = 30.0


class LocustRun:
    """A run whose files are below `place`."""

    def __init__(self, process: subprocess.Popen[bytes], place: Path, processes: int) -> None:
        self._process = process
        self._place = place
        self._workers = processes if processes > 1 else 0
        self.leader = process.pid
        """Process id of the only process, or of the master."""

    @property
    def folder(self) -> Path:
        """The run's directory."""
        return next(path.parent for path in (self._place / _RUNS).glob("*/manifest.json"))

    @property
    def workers(self) -> list[int]:
        """Their process ids; none where there is one process. Raises RuntimeError if one is missing."""
        leader = psutil.Process(self.leader)
        # Locust forks its workers. The process that polls the list has a command of its own.
        forked = (
            [child.pid for child in leader.children() if child.cmdline() == leader.cmdline()] if self._workers else []
        )
        if len(forked) != self._workers:
            raise RuntimeError(f"{len(forked)} workers instead of {self._workers}:\n{self._said()}")
        return forked

    def await_beginning(self) -> None:
        """Waits until all its processes can open sessions. Raises RuntimeError if they cannot."""
        numbers = range(1, self._workers + 1)
        ledgers = [f"*/{SPOOL}/{ledger_file(number)}" for number in numbers] or [f"*/{ledger_file(0)}"]
        end = time.monotonic() + _START_SECONDS
        while not all(any((self._place / _RUNS).glob(ledger)) for ledger in ledgers):
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
def locust_run(
    locustfile: str, url: str, users: int, options: Sequence[str], variables: Mapping[str, str], processes: int = 1
) -> Iterator[LocustRun]:
    """Starts so many of Locust's users, in so many processes, and kills the run at the end.

    `options`: further ones of Locust and streamsoak; `variables` of the environment. Raises RuntimeError if the run has ended
    before: then nothing has been measured.
    """
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        command = [sys.executable, "-m", "locust", "-f", str(_LOCUSTFILES / f"{locustfile}.py"), "--headless"]
        command += ["--only-summary", "-u", str(users), "-r", str(users), "--host", url]
        command += ["--run-dir", str(place / _RUNS), *options]
        command += ["--processes", str(processes)] if processes > 1 else []
        with (place / _OUTPUT).open("wb") as output:
            # A group and not a session of its own: Linux may share a core among sessions before it does among processes.
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env={**os.environ, **variables},
                process_group=0,
            )
        run = LocustRun(process, place, processes)
        try:
            yield run
            run.check()
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
