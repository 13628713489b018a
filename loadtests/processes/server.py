"""A server of ours in a process of its own, and the pipe by which its parent asks it things."""

from __future__ import annotations

import contextlib
import subprocess
import threading
from collections.abc import Mapping, Sequence

from loadtests.model.text.input_error import EXIT_UNAVAILABLE, InputError
from loadtests.processes.child import close_input, start_module

LISTENING = "listening on "
"""What a server prints before its address, on a line of its own, when it is ready."""
_START_SECONDS = 30.0
_END_SECONDS = 10.0


class ServerProcess:
    """A running server; ends with `close`, and with its standard input, so also when this process is killed."""

    def __init__(self, name: str, module: str, arguments: Sequence[str], environment: Mapping[str, str]) -> None:
        """`name` is for messages, `environment` all that the process gets. Raises InputError if it does not start."""
        self._name = name
        self._process: subprocess.Popen[str] = start_module(
            module,
            arguments,
            environment=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.address = self._await_listening()
        """What it printed after "listening on"."""

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    def ask(self, question: str) -> str:
        """Sends one line and returns the line that answers it. Raises InputError if the process has died."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        line = ""
        with contextlib.suppress(OSError):
            self._process.stdin.write(f"{question}\n")
            self._process.stdin.flush()
            line = self._process.stdout.readline()
        if not line:
            raise InputError.of(self._name, "ended before its time", code=EXIT_UNAVAILABLE)
        return line

    def close(self) -> None:
        """Ends it, and waits until it has ended."""
        close_input(self._process, _END_SECONDS)
        if self._process.stdout:
            self._process.stdout.close()

    def _await_listening(self) -> str:
        patience = threading.Timer(_START_SECONDS, self._process.kill)
        patience.start()
        try:
            return self._read_address()
        finally:
            patience.cancel()

    def _read_address(self) -> str:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            if line.startswith(LISTENING):
                return line.removeprefix(LISTENING).strip()
        code = self._process.wait()
        raise InputError.of(self._name, f"ended with exit code {code} before it listened", code=EXIT_UNAVAILABLE)
