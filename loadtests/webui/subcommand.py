"""Runs subcommands of `streamsoak` in processes of their own: what they do may take long."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence

import msgspec
from gevent import subprocess
from gevent.lock import BoundedSemaphore

from loadtests.http.key import api_key, redacted, without_key
from loadtests.processes.child import CLI, start_module, stop

_LONGEST_SECONDS = 600.0
_MOST_CHARACTERS = 100_000
_LEAST_PRIORITY = 19


class SubcommandOutput(msgspec.Struct):
    """The result of a subcommand."""

    code: int
    """Its exit code (README, "Exit codes")."""
    said: str
    """What it printed."""


class Subcommands:
    """Runs one at a time, with the lowest priority: a run may keep time meanwhile."""

    def __init__(self) -> None:
        self._lock = BoundedSemaphore()

    def run(self, arguments: Sequence[str], environment: Mapping[str, str] | None = None) -> SubcommandOutput:
        """Runs it to its end. `environment`: by default ours without the API key."""
        with self._lock:
            process = start_module(
                CLI,
                arguments,
                environment=without_key() if environment is None else environment,
                popen=subprocess.Popen,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
            )
            os.setpriority(os.PRIO_PROCESS, process.pid, _LEAST_PRIORITY)
            try:
                output, _ = process.communicate(timeout=_LONGEST_SECONDS)
            except subprocess.TimeoutExpired:
                stop(process)
                output, _ = process.communicate()
        text = redacted(output.decode(errors="replace"), api_key())
        return SubcommandOutput(process.returncode, text[:_MOST_CHARACTERS])
