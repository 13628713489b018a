"""Writes the report of a run that has ended, in a separate process: analysis never runs in a process that keeps time."""

from __future__ import annotations

import atexit
import logging
import os
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path

from gevent import subprocess

from loadtests.http.key import without_key
from loadtests.model.text.input_error import EXIT_FAIL, EXIT_PASS, EXIT_UNAVAILABLE, EXIT_UNKNOWN
from loadtests.model.text.units import format_duration
from loadtests.processes.child import CLI, start_module, stop

logger = logging.getLogger(__name__)

_LONGEST_SECONDS = 600
_VERDICTS = (EXIT_PASS, EXIT_FAIL, EXIT_UNKNOWN)


class LastLines:
    """Prints the result of the last run when this process ends, after everything that Locust prints at its end."""

    def __init__(self) -> None:
        self._text = ""
        # Registered when the locustfile is loaded: later handlers, such as Locust's for its workers, run before it.
        atexit.register(self.print)

    def keep(self, text: str) -> None:
        """Keeps `text` for the end."""
        self._text = text

    def print(self) -> None:
        """Prints what is kept, once, on standard error."""
        text, self._text = self._text, ""
        if text:
            print(f"\n{text}", end="", file=sys.stderr, flush=True)


LAST_LINES = LastLines()


def write_report(run: Path) -> int:
    """Runs `streamsoak report`; returns the verdict's exit code, the same as that of `streamsoak check`.

    What it prints is kept in `LAST_LINES`.
    """
    logger.info("Writing the report, at most %s", format_duration(_LONGEST_SECONDS))
    code, text = _run(["report", "--verdict", str(run)])
    if code not in _VERDICTS:
        logger.error("No report was written (exit code %d); run: streamsoak report %s", code, run)
        code, text = _run(["check", str(run)])
    LAST_LINES.keep(text)
    return code if code in _VERDICTS else EXIT_UNAVAILABLE


def _run(arguments: list[str]) -> tuple[int, str]:
    """Returns the exit code of `streamsoak`, and what it printed on standard output."""
    try:
        process = start_module(
            CLI, arguments, environment=_environment(), popen=subprocess.Popen, stdout=subprocess.PIPE
        )
        try:
            output, _ = process.communicate(timeout=_LONGEST_SECONDS)
        finally:
            stop(process)
    except (OSError, subprocess.TimeoutExpired) as error:
        logger.error("streamsoak %s failed: %s", arguments[0], error)
        return EXIT_UNAVAILABLE, ""
    return int(process.returncode), output.decode(errors="replace")


def _environment() -> Mapping[str, str]:
    """Returns an environment in which the pipe is written as our terminal, if we have one."""
    if not sys.stderr.isatty():
        return without_key()
    columns = os.environ.get("COLUMNS") or str(shutil.get_terminal_size().columns)
    return {**without_key(), "COLUMNS": columns, "FORCE_COLOR": "1"}
