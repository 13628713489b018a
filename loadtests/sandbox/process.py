"""The sandbox as a process of its own, for whoever needs one: Locust's plugin, the audit, tests."""

from __future__ import annotations

import contextlib
import math
import subprocess
import threading
from collections.abc import Mapping, Sequence

import msgspec

from loadtests.model.text.input_error import EXIT_UNAVAILABLE, InputError
from loadtests.processes.child import CLI, close_input, start_module, with_key

_SAYS = "listening on "
_START_SECONDS = 30.0
_END_SECONDS = 10.0


class SandboxProcess:
    """A running sandbox; ends with `close`, and by itself when this process dies."""

    def __init__(self, options: Sequence[str] = (), environment: Mapping[str, str] | None = None) -> None:
        """`environment`: variables that it has beside ours."""
        self._process: subprocess.Popen[str] = start_module(
            CLI,
            ["sandbox", "--parent-pipe", *options],
            environment=with_key(**(environment or {})),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.url = self._await_listening()

    def close(self) -> None:
        """End it, and wait until it has ended."""
        close_input(self._process, _END_SECONDS)
        if self._process.stdout:
            self._process.stdout.close()

    def open_sessions(self) -> dict[str, float | None]:
        """The ids of the sessions that are open now, and how many seconds each has until it is due; None: for ever.

        Raises InputError if the sandbox has died.
        """
        return msgspec.json.decode(self._ask("open?"), type=dict[str, float | None])

    def quiet_seconds(self) -> float:
        """Seconds since the last request; infinite if none came yet. Raises InputError if the sandbox has died."""
        seconds = msgspec.json.decode(self._ask("quiet?"), type=float | None)
        return math.inf if seconds is None else seconds

    def _ask(self, question: str) -> str:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        line = ""
        with contextlib.suppress(OSError):
            self._process.stdin.write(f"{question}\n")
            self._process.stdin.flush()
            line = self._process.stdout.readline()
        if not line:
            raise InputError.of("sandbox", "ended before its time", code=EXIT_UNAVAILABLE)
        return line

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    def _await_listening(self) -> str:
        assert self._process.stdout is not None
        patience = threading.Timer(_START_SECONDS, self._process.kill)
        patience.start()
        try:
            return self._read_url()
        finally:
            patience.cancel()

    def _read_url(self) -> str:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            if line.startswith(_SAYS):
                return line.removeprefix(_SAYS).strip()
        code = self._process.wait()
        raise InputError.of("sandbox", f"ended with exit code {code} before it listened", code=EXIT_UNAVAILABLE)
