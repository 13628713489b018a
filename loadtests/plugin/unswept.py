"""Says which earlier runs have left sessions open, and nobody has swept them."""

from __future__ import annotations

import logging
from pathlib import Path

from loadtests.unswept import left_open

logger = logging.getLogger(__name__)

_MOST_RUNS = 50
"""The newest are looked at: a beginning run has other things to do."""


def warn_of_unswept(runs: Path) -> None:
    """Log a line for each run in `runs` that ended before its time and still has sessions open by its ledgers."""
    for run in sorted(runs.glob("*/"), reverse=True)[:_MOST_RUNS]:
        if number := left_open(run):
            logger.warning("An earlier run left %d sessions open: streamsoak sweep %s", number, run)
