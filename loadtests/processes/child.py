"""Starts a module of ours as a Python process, and stops any process within a bound.

Every function that starts a process takes `popen`: `subprocess.Popen`, or `gevent.subprocess.Popen` where waiting must not block
other greenlets.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from loadtests.http.key import without_key

CLI = f"{__package__.removesuffix('.processes')}.cli"
"""The command line's module. The wheel has it inside the package `streamsoak`."""
STOP_SECONDS = 5.0
"""How long a process may take to end after each signal."""
_SIGNALS = (signal.SIGTERM, signal.SIGKILL)


def start_module(
    module: str,
    arguments: Sequence[str] = (),
    *,
    environment: Mapping[str, str] | None = None,
    popen: Any = subprocess.Popen,
    **streams: Any,
) -> Any:
    """Starts `python -m module arguments…` in a session of its own. Raises OSError.

    `environment` replaces the default, our environment without the API key; see `with_key`. `streams`: options of Popen; by
    default standard input is empty.
    """
    return popen(
        # -P: a module of the user's in this folder, csv.py for example, must not replace one of the standard library.
        [sys.executable, "-P", "-m", module, *arguments],
        env=without_key() if environment is None else dict(environment),
        start_new_session=True,
        **{"stdin": subprocess.DEVNULL, **streams},
    )


def with_key(**more: str) -> dict[str, str]:
    """Returns our environment with the API key, and `more` variables."""
    return {**os.environ, **more}


def stop(process: Any, signals: Sequence[signal.Signals] = _SIGNALS, seconds: float = STOP_SECONDS) -> int:
    """Sends one signal after the other to the group that `process` leads, until it has ended; returns its exit code."""
    for number in signals:
        if process.poll() is not None:
            break
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            return int(process.wait(timeout=seconds))
    return int(process.wait())


def close_input(process: Any, seconds: float) -> int:
    """Ends a process that ends with its standard input: waits for `seconds`, then stops it; returns its exit code."""
    with contextlib.suppress(OSError):
        process.stdin.close()
    with contextlib.suppress(subprocess.TimeoutExpired):
        return int(process.wait(timeout=seconds))
    return stop(process)
