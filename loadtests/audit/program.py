"""Runs the user's program: the client under audit."""

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
    """A running program, in a process group of its own: Ctrl-C at the terminal reaches only us, and we pass it on."""

    def __init__(self, command: Sequence[str], environment: Mapping[str, str]) -> None:
        """Starts it with our environment and `environment`. Raises InputError if the command cannot be run."""
        # A background process group that reads the terminal is suspended by the system.
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

    @property
    def group(self) -> int:
        """The id of its process group."""
        return self._process.pid

    def wait(self) -> int:
        """Waits until it has ended; returns its exit code, negative for a signal."""
        return self._process.wait()

    def end(self) -> int:
        """Interrupts it, then stops it within a bound; returns its exit code."""
        return stop(self._process, (signal.SIGINT, signal.SIGTERM, signal.SIGKILL), PATIENCE_SECONDS)


def check_command(command: Sequence[str]) -> None:
    """Raises InputError if `command` is empty or its program does not exist."""
    if not command:
        raise InputError.of("COMMAND", "is required after --, for example: streamsoak audit -- python client.py")
    if not shutil.which(command[0]):
        raise InputError.of("COMMAND", f"{command[0]!r} was not found or is not executable")
