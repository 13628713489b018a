"""Writes the report of a run that has ended, in a separate process: analysis never runs in a process that keeps time."""

from __future__ import annotations

import logging
import sys
from pathlib import Path

from gevent import subprocess

from loadtests.model.text.input_error import EXIT_FAIL, EXIT_PASS, EXIT_UNKNOWN
from loadtests.model.text.units import format_duration
from loadtests.processes.child import CLI, start_module, stop

logger = logging.getLogger(__name__)

_LONGEST_SECONDS = 600


def write_report(run: Path) -> int:
    """Runs `streamsoak report`; returns the verdict's exit code, or that of unknown if there is no report."""
    logger.info("Writing the report, at most %s", format_duration(_LONGEST_SECONDS))
    try:
        code = _run_report(run)
    except (OSError, subprocess.TimeoutExpired) as error:
        logger.error("No report was written (%s); run: streamsoak report %s", error, run)
        return EXIT_UNKNOWN
    if code not in (EXIT_PASS, EXIT_FAIL, EXIT_UNKNOWN):
        logger.error("No report was written (exit code %d); run: streamsoak report %s", code, run)
        return EXIT_UNKNOWN
    return code


def _run_report(run: Path) -> int:
    process = start_module(CLI, ["report", "--verdict", str(run)], popen=subprocess.Popen, stdout=sys.stderr)
    try:
        return int(process.wait(timeout=_LONGEST_SECONDS))
    finally:
        stop(process)
