"""The report of a run that has ended, by a process of its own: analysis never runs in a process that keeps time."""

from __future__ import annotations

import logging
import sys
from pathlib import Path

from gevent import subprocess

from loadtests.http.key import without_key
from loadtests.model.text.input_error import EXIT_FAIL, EXIT_PASS, EXIT_UNKNOWN
from loadtests.model.text.units import format_duration

logger = logging.getLogger(__name__)

_LONGEST_SECONDS = 600


def write_report(run: Path) -> int:
    """Run `streamsoak report`; the verdict's exit code, or unknown if there is no report."""
    logger.info("Writing the report, at most %s", format_duration(_LONGEST_SECONDS))
    try:
        code = subprocess.call(
            [sys.executable, "-m", "loadtests.cli", "report", "--verdict", str(run)],
            env=without_key(),
            stdin=subprocess.DEVNULL,
            stdout=sys.stderr,
            timeout=_LONGEST_SECONDS,
            start_new_session=True,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        logger.error("No report was written (%s); run: streamsoak report %s", error, run)
        return EXIT_UNKNOWN
    if code not in (EXIT_PASS, EXIT_FAIL, EXIT_UNKNOWN):
        logger.error("No report was written (exit code %d); run: streamsoak report %s", code, run)
        return EXIT_UNKNOWN
    return int(code)
