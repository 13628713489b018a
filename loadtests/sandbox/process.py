"""The sandbox as a process of its own, for whoever needs one: Locust's plugin, the audit, tests."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence

import msgspec

from loadtests.model.text.input_error import EXIT_UNAVAILABLE, InputError

_SAYS = "listening on "
_START_SECONDS = 30.0
_END_SECONDS = 10.0


class SandboxProcess:
    """A running sandbox; ends with `close`, and by itself when this process dies."""

    def __init__(self, options: Sequence[str] = (), environment: Mapping[str, str] | None = None) -> None:
        """`environment`: variables that it has beside ours."""
        command = [sys.executable, "-m", "loadtests.cli", "sandbox", "--parent-pipe", *options]
        # In a session of its own: Ctrl-C at the terminal is for the run, which still has sessions to close here.
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
            env={**os.environ, **(environment or {})},
        )
        self.url = self._await_listening()

    def close(self) -> None:
        """End it, and wait until it has ended."""
        if self._process.stdin and not self._process.stdin.closed:
            with contextlib.suppress(OSError):
                self._process.stdin.close()
        try:
            self._process.wait(timeout=_END_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if self._process.stdout:
            self._process.stdout.close()

    def open_sessions(self) -> dict[str, float | None]:
        """The ids of the sessions that are open now, and how many seconds each has until it is due; None: for ever.

        Raises InputError if the sandbox has died.
        """
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        line = ""
        with contextlib.suppress(OSError):
            self._process.stdin.write("open?\n")
            self._process.stdin.flush()
            line = self._process.stdout.readline()
        if not line:
            raise InputError.of("sandbox", "ended before its time", code=EXIT_UNAVAILABLE)
        return msgspec.json.decode(line, type=dict[str, float | None])

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
