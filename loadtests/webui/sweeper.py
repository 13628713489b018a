"""`streamsoak sweep`, by a process of its own: closing what another run left open takes as long as the account lets it."""

from __future__ import annotations

from pathlib import Path

import msgspec
from gevent import subprocess
from gevent.lock import BoundedSemaphore

from loadtests.http.key import api_key, redacted
from loadtests.processes.child import CLI, start_module, stop, with_key

_LONGEST_SECONDS = 600.0
_MOST_CHARACTERS = 4000


class SweepProgress(msgspec.Struct):
    """What a sweep came to."""

    code: int
    """0: nothing is open; 1: something is; 2: it cannot be told; else it could not be done."""
    said: str


class Sweeper:
    """One sweep after the other."""

    def __init__(self) -> None:
        self._turn = BoundedSemaphore()

    def sweep(self, run: Path) -> SweepProgress:
        """Close what the run in that directory left open."""
        with self._turn:
            process = start_module(
                CLI,
                ["sweep", str(run)],
                environment=with_key(),
                popen=subprocess.Popen,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
            )
            try:
                said, _ = process.communicate(timeout=_LONGEST_SECONDS)
            except subprocess.TimeoutExpired:
                stop(process)
                said, _ = process.communicate()
        text = redacted(said.decode(errors="replace"), api_key())
        return SweepProgress(process.returncode, text[:_MOST_CHARACTERS])
