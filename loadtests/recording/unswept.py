"""Finds runs that left sessions open on an account, by their ledgers."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path

from loadtests.model.run.manifest import read_manifest
from loadtests.model.text.input_error import InputError
from loadtests.model.text.wording import count
from loadtests.recording.ledger import is_held, ledgers, read_ledgers

logger = logging.getLogger(__name__)

_MOST_RUNS = 50
"""Only the newest runs are read, so that the start of a run is not delayed."""


def count_left_open(run: Path, pause: Callable[[], None] = lambda: None) -> int:
    """Returns how many sessions the run in the directory `run` left open and that have not been swept.

    0 for a run against the sandbox, whose sessions end with it, and for one that still goes on. `pause` is called every few
    milliseconds.
    """
    try:
        manifest = read_manifest(run)
        if manifest.sandbox or (manifest.ended is not None and not manifest.left_open) or is_held(run):
            return 0
        return len(read_ledgers(ledgers(run), pause).open)
    except (InputError, OSError):
        return 0


def warn_of_unswept(runs: Path) -> None:
    """Logs a warning for each run in `runs` that left sessions open."""
    for run in sorted(runs.glob("*/"), reverse=True)[:_MOST_RUNS]:
        if number := count_left_open(run):
            logger.warning("An earlier run left %s open: streamsoak sweep %s", count(number, "session"), run)
