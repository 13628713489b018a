"""Runs that have left sessions open on an account, by what they wrote down."""

from __future__ import annotations

import logging
from pathlib import Path

from loadtests.model.run.manifest import read_manifest
from loadtests.model.text.input_error import InputError
from loadtests.recording.ledger import is_held, ledgers, read_ledgers

logger = logging.getLogger(__name__)

_MOST_RUNS = 50
"""Only the newest runs are read, so that a run starts without delay."""


def left_open(run: Path) -> int:
    """Sessions of the run in that directory that may still be open, and that nobody has swept.

    A sandbox's end with it; a run that still goes on has its own to close.
    """
    try:
        manifest = read_manifest(run)
        if manifest.sandbox or (manifest.ended is not None and not manifest.left_open) or is_held(run):
            return 0
        return len(read_ledgers(ledgers(run)).open)
    except (InputError, OSError):
        return 0


def warn_of_unswept(runs: Path) -> None:
    """Log a line for each run in `runs` that ended before its time and still has sessions open by its ledgers."""
    for run in sorted(runs.glob("*/"), reverse=True)[:_MOST_RUNS]:
        if number := left_open(run):
            logger.warning("An earlier run left %d sessions open: streamsoak sweep %s", number, run)
