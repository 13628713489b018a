"""A directory for the temporary files of one analysis: no two analyses share any, and none outlives its process for long."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from pathlib import Path

_PREFIX = ".analysis-"


def make_scratch(run: Path) -> Path:
    """Returns a new directory below `run`, whose disk has room for the log. Removes those of processes that have died.

    Where `run` cannot be written, it is below the system's directory for temporary files.
    """
    _remove_orphans(run)
    try:
        return Path(tempfile.mkdtemp(prefix=f"{_PREFIX}{os.getpid()}-", dir=run))
    except OSError:
        return make_temporary()


def make_temporary() -> Path:
    """Returns a new directory below the system's directory for temporary files."""
    return Path(tempfile.mkdtemp(prefix="streamsoak-"))


def remove_scratch(folder: Path) -> None:
    """Removes the directory and all that is in it."""
    shutil.rmtree(folder, ignore_errors=True)


def _remove_orphans(run: Path) -> None:
    for folder in run.glob(f"{_PREFIX}*"):
        pid = folder.name.removeprefix(_PREFIX).partition("-")[0]
        if pid.isdecimal() and not _is_alive(int(pid)):
            remove_scratch(folder)


def _is_alive(pid: int) -> bool:
    with contextlib.suppress(PermissionError):
        try:
            os.kill(pid, 0)
        except (ProcessLookupError, OverflowError):
            return False
    return True
