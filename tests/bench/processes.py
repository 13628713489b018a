"""What a command uses: CPU time, as accounted for at its end or so far, and the most memory that it had."""

from __future__ import annotations

import os
import subprocess
import time
from pathlib import Path
from typing import NamedTuple

_LOOK_EACH_SECONDS = 0.05
_PROCESS_CLOCK = 2


class Used(NamedTuple):
    """By one process that has ended well."""

    cpu_seconds: float
    wall_seconds: float
    peak_bytes: int


def use(command: list[str]) -> Used:
    """Run `command`, whatever it prints left out."""
    began, most = time.monotonic(), 0
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    while True:
        ended, status, used = os.wait4(process.pid, os.WNOHANG)
        if ended:
            break
        most = max(most, peak_bytes(process.pid))
        time.sleep(_LOOK_EACH_SECONDS)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"{' '.join(command)} ended with {process.returncode}")
    return Used(used.ru_utime + used.ru_stime, time.monotonic() - began, most)


def peak_bytes(pid: int | str = "self") -> int:
    """The most memory that a process has had; what getrusage says may be its parent's, from when it was started."""
    for line in Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    return 0


def cpu_seconds(pid: int) -> float:
    """Returns the CPU time of a process so far, to the nanosecond, with that of threads that have ended.

    By its CPU clock, whose number is what clock_getcpuclockid(3) returns on Linux.
    """
    return time.clock_gettime_ns(~pid << 3 | _PROCESS_CLOCK) / 1e9
