"""Runs `streamsoak sweep` in a separate process: closing what a run left open may take long."""

from __future__ import annotations

from pathlib import Path

import msgspec
from gevent import subprocess
from gevent.lock import BoundedSemaphore

from loadtests.http.key import api_key, redacted
from loadtests.processes.child import CLI, start_module, stop, with_key

_LONGEST_SECONDS = 600.0
_MOST_CHARACTERS = 4000


class SweepOutput(msgspec.Struct):
    """The result of a sweep."""

    code: int
    """0: nothing is open; 1: something is; 2: inconclusive; else it could not be done."""
    said: str


class Sweeper:
    """Runs one sweep at a time."""

    def __init__(self) -> None:
        self._lock = BoundedSemaphore()

    def sweep(self, run: Path) -> SweepOutput:
        """Closes what the run in that directory left open."""
        with self._lock:
            process = start_module(
                CLI,
                ["sweep", str(run)],
                environment=with_key(),
                popen=subprocess.Popen,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
            )
            try:
                output, _ = process.communicate(timeout=_LONGEST_SECONDS)
            except subprocess.TimeoutExpired:
                stop(process)
                output, _ = process.communicate()
        text = redacted(output.decode(errors="replace"), api_key())
        return SweepOutput(process.returncode, text[:_MOST_CHARACTERS])
