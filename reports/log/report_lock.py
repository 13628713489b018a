"""One report of a run at a time, so that all its files come from one analysis."""

from __future__ import annotations

import fcntl
import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_log = logging.getLogger(__name__)


@contextmanager
def report_lock(run: Path) -> Iterator[None]:
    """Hold the run's directory `run` for one report; a second one waits, and the log says so.

    The kernel releases the lock when the process ends, however it ends. Nothing is written into the directory. Where the file
    system has no locks, or the directory cannot be opened, there is none: the files are still replaced whole.
    """
    try:
        directory = os.open(run, os.O_RDONLY)
    except OSError:
        yield
        return
    try:
        _lock(directory, run)
        yield
    finally:
        os.close(directory)


def _lock(directory: int, run: Path) -> None:
    try:
        fcntl.flock(directory, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        _log.warning("Another report of %s is being written. This one waits until it is complete.", run)
        fcntl.flock(directory, fcntl.LOCK_EX)
    except OSError:
        return
