"""Runs that have left sessions open on an account, by what they wrote down."""

from __future__ import annotations

from pathlib import Path

from loadtests.ledger import is_held, ledgers, read_books
from loadtests.model.manifest import read_manifest
from loadtests.model.mistakes import InputError


def left_open(run: Path) -> int:
    """Sessions of the run in that directory that may still be open, and that nobody has swept.

    A sandbox's end with it; a run that still goes on has its own to close.
    """
    try:
        manifest = read_manifest(run)
        if manifest.sandbox or (manifest.ended is not None and not manifest.left_open) or is_held(run):
            return 0
        return len(read_books(ledgers(run)).open)
    except (InputError, OSError):
        return 0
