"""Tells an error in the user's locustfile from one of ours, and logs the former without our frames."""

from __future__ import annotations

import logging
import sysconfig
import traceback
from collections import Counter
from pathlib import Path

logger = logging.getLogger(__name__)

_OURS = str(Path(__file__).parents[1])
_LIBRARIES = tuple(sysconfig.get_paths()[name] for name in ("stdlib", "platstdlib", "purelib", "platlib"))


class UserErrors:
    """Logs each place of an error once, and then how often it was met: at 1, 10, 100 and so on."""

    def __init__(self) -> None:
        self._counts: Counter[tuple[str, int | None, str]] = Counter()

    def report(self, error: Exception) -> bool:
        """Logs `error` if it was raised in the user's code, or by a library that it called. Returns whether it was."""
        place = _place(error)
        if place is None:
            return False
        self.report_at(*place, f"{type(error).__name__}: {error}")
        return True

    def report_at(self, file: str, line: int | None, what: str) -> None:
        """Logs an error at a place in the user's code."""
        key = file, line, what
        self._counts[key] += 1
        times = self._counts[key]
        if times == 10 ** (len(str(times)) - 1):
            again = f" ({times:,} times so far)" if times > 1 else ""
            logger.error("Error in your code, %s, line %s: %s%s", file, line, what, again)


def _place(error: Exception) -> tuple[str, int | None] | None:
    """Returns file and line of the innermost frame of the user's; None if our frames are the innermost but for libraries."""
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        if frame.filename.startswith(_OURS):
            return None
        if not frame.filename.startswith((*_LIBRARIES, "<")):
            return frame.filename, frame.lineno
    return None
