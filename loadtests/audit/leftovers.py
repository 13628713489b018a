"""Processes that a program leaves running when it ends, as `pm2 start` or a script with `&` do: the audit goes on until they end.

They are found by the audit's key in their environment, wherever they were moved (`setsid`, a daemon's second fork), or by the
program's process group. Containers are no processes of the program: nothing of them is seen.
"""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Callable, Iterator

import psutil

from loadtests.audit.program import PATIENCE_SECONDS
from loadtests.model.text.units import format_duration
from loadtests.model.text.wording import count, verb
from loadtests.sandbox.process import SandboxProcess

_POLL_SECONDS = 0.5
_SETTLE_SECONDS = 0.5
"""What ends within this time after the program is not worth a word."""
_MOST_NAMED = 5


class Leftovers:
    """The processes of the program whose process group is `group`, and that has `key` in its environment."""

    def __init__(self, key: str, group: int, own: frozenset[int]) -> None:
        """`own`: ids of our own processes, which may have the key too."""
        self._key = key
        self._group = group
        self._own = own | {os.getpid()}

    def running(self) -> list[psutil.Process]:
        """Returns those that run now."""
        return [process for process in psutil.process_iter() if process.pid not in self._own and self._is_one(process)]

    def stop(self) -> int:
        """Interrupts them, then stops them within a bound; returns how many there were."""
        stopped = 0
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGKILL):
            found = self.running()
            if not found:
                break
            stopped = max(stopped, len(found))
            for process in found:
                with contextlib.suppress(psutil.Error):
                    process.send_signal(number)
            psutil.wait_procs(found, timeout=PATIENCE_SECONDS)
        return stopped

    def _is_one(self, process: psutil.Process) -> bool:
        with contextlib.suppress(psutil.Error, OSError):
            if process.status() == psutil.STATUS_ZOMBIE:
                return False
            return os.getpgid(process.pid) == self._group or self._key in process.environ().values()
        return False


def own_processes() -> frozenset[int]:
    """Returns the ids of the processes that this one has started so far."""
    return frozenset(child.pid for child in psutil.Process().children(recursive=True))


def await_leftovers(left: Leftovers, sandbox: SandboxProcess, seconds: float, output: Callable[[str], None]) -> int:
    """Waits until they end or have made no call for `seconds`; stops those that run then, or at a KeyboardInterrupt.

    Returns how many were stopped.
    """
    try:
        with contextlib.suppress(KeyboardInterrupt):
            _wait(left, sandbox, seconds, output)
    finally:
        stopped = left.stop()
    return stopped


def _wait(left: Leftovers, sandbox: SandboxProcess, seconds: float, output: Callable[[str], None]) -> None:
    began = time.monotonic()
    told = False
    while (running := left.running()) and not _is_quiet(sandbox, seconds, time.monotonic() - began):
        if not told and time.monotonic() - began >= _SETTLE_SECONDS:
            told = True
            n = len(running)
            output(
                f"{count(n, 'process', 'processes')} that it started {verb(n, 'is', 'are')} still running"
                f" ({', '.join(_names(running))}): waiting until {verb(n, 'it ends', 'they end')}, or no call came for"
                f" {format_duration(seconds)} (--wait; Ctrl-C to stop {verb(n, 'it', 'them')})."
            )
        time.sleep(_POLL_SECONDS)


def _is_quiet(sandbox: SandboxProcess, seconds: float, waited: float) -> bool:
    """Whether no call came for so long, and no session is open that the API will yet close."""
    if min(waited, sandbox.quiet_seconds()) < seconds:
        return False
    return not any(due is not None for due in sandbox.open_sessions().values())


def _names(running: list[psutil.Process]) -> Iterator[str]:
    for process in running[:_MOST_NAMED]:
        with contextlib.suppress(psutil.Error):
            yield f"{process.name()} {process.pid}"
    if len(running) > _MOST_NAMED:
        yield "…"
