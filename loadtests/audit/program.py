"""Somebody's program, run to its end: the client that an audit watches."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence

from loadtests.model.text.input_error import InputError
from loadtests.processes.child import stop, with_key

PATIENCE_SECONDS = 5.0
"""How long a program may take to end after SIGINT, and again after SIGTERM, before it is killed."""


class Program:
    """A program that runs, in a process group of its own: an interrupt at the terminal is for us, who pass it on."""

    def __init__(self, command: Sequence[str], environment: Mapping[str, str]) -> None:
        """Start it with `environment` beside ours; raises InputError if there is no such command."""
        # From a group of its own, reading a terminal would stop it for ever.
        at_terminal = sys.stdin is not None and sys.stdin.isatty()
        try:
            self._process = subprocess.Popen(
                command,
                env=with_key(**environment),
                stdin=subprocess.DEVNULL if at_terminal else None,
                process_group=0,
            )
        except OSError as error:
            raise InputError.of("COMMAND", f"{command[0]!r} cannot be run: {error.strerror}") from None

    def wait(self) -> int:
        """Wait until it has ended; its exit code, negative for a signal."""
        return self._process.wait()

    def end(self) -> int:
        """Interrupt it, and see to it that it ends within bounds; its exit code."""
        return stop(self._process, (signal.SIGINT, signal.SIGTERM, signal.SIGKILL), PATIENCE_SECONDS)


def check_command(command: Sequence[str]) -> None:
    """Raise InputError if `command` names nothing that can be run."""
    if not command:
        raise InputError.of(
            "COMMAND", "is missing: write it after --, for example: streamsoak audit -- python client.py"
        )
    if not shutil.which(command[0]):
        raise InputError.of("COMMAND", f"{command[0]!r} was not found, or cannot be run")
