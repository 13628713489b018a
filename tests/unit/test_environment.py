"""What a user has set reaches no test, and no process that a test starts."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

_KEPT = {"PATH", "TMPDIR", "USER", "LOGNAME", "LD_LIBRARY_PATH", "STREAMSOAK_REQUIRE_BROWSER"}
_SET = {"HOME", "LANG", "LC_ALL", "TZ", "COLUMNS", "LINES"}


def test_the_environment_is_the_tests_own() -> None:
    """No key, proxy, option of Locust or Python, time zone or configuration of the user's."""
    names = {name for name in os.environ if not name.startswith("PYTEST_")}
    assert _SET <= names <= _KEPT | _SET
    # What the tests themselves have put there: caches of the program and of the browser. pip asks a compiler for its version.
    assert {path.name for path in Path.home().iterdir()} <= {".cache", ".config", ".local", ".pki", ".rustup"}
    assert sys.getfilesystemencoding() == "utf-8"


def test_processes_inherit_it() -> None:
    """The same for a Python process that a test starts."""
    code = (
        "import locale, os, time; print(sorted(os.environ), time.tzname[0], locale.getpreferredencoding(False).upper())"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.strip() == f"{sorted(os.environ)} UTC UTF-8"
