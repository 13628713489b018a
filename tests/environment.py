"""The environment in which every test and every process that a test starts runs, whatever the user's own is."""

from __future__ import annotations

import os
import sys
import tempfile
import time

_KEPT = (
    "PATH",
    "TMPDIR",
    "USER",
    "LOGNAME",
    "LD_LIBRARY_PATH",
    "STREAMSOAK_REQUIRE_BROWSER",
    "STREAMSOAK_WITNESS",
)
"""Variables without which programs are not found or do not start, and those that belong to the tests."""
_KEPT_PREFIXES = ("PYTEST_XDIST_", "PYTEST_CURRENT_TEST")
_SET = {"LC_ALL": "C.UTF-8", "LANG": "C.UTF-8", "TZ": "UTC", "COLUMNS": "80", "LINES": "24"}
"""COLUMNS and LINES are set since the readline library, which pytest imports, sets them behind Python's back."""


class CleanEnvironment:
    """Replaces `os.environ` by a minimal one, with an empty directory as HOME; `close` removes that directory."""

    def __init__(self) -> None:
        self._home = None if _is_clean() else tempfile.TemporaryDirectory(prefix="home-", ignore_cleanup_errors=True)
        if self._home is None:
            return
        kept = {name: value for name, value in os.environ.items() if name in _KEPT or name.startswith(_KEPT_PREFIXES)}
        os.environ.clear()
        os.environ.update(kept, HOME=self._home.name, **_SET)
        # Some Python processes start hundreds of others: those find compiled modules.
        sys.dont_write_bytecode = False
        time.tzset()

    def close(self) -> None:
        """Remove the temporary HOME."""
        if self._home is not None:
            self._home.cleanup()


def _is_clean() -> bool:
    """Whether this is a worker of pytest-xdist, which inherits the environment of the process that started it."""
    return "PYTEST_XDIST_WORKER" in os.environ
