"""One report of a run at a time."""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
from pathlib import Path

from reports.log.report_lock import report_lock

_HOLD = """
import sys
from pathlib import Path
from reports.log.report_lock import report_lock
with report_lock(Path(sys.argv[1])):
    print("held", flush=True)
"""


def test_a_second_report_says_that_it_waits_and_then_goes_on(tmp_path: Path) -> None:
    """The sentence names the run; the wait ends with the first report, and nothing is left in the directory."""
    with report_lock(tmp_path):
        second = subprocess.Popen(
            [sys.executable, "-c", _HOLD, str(tmp_path)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        assert second.stderr is not None
        said = second.stderr.readline()
        assert said == f"Another report of {tmp_path} is being written. This one waits until it is complete.\n"
        assert second.poll() is None
    output, _ = second.communicate(timeout=60)
    assert (output, second.returncode) == ("held\n", 0)
    assert list(tmp_path.iterdir()) == []


def test_the_lock_ends_with_its_block(tmp_path: Path) -> None:
    """Also with an exception."""
    try:
        with report_lock(tmp_path):
            raise RuntimeError("the report failed")
    except RuntimeError:
        pass
    directory = os.open(tmp_path, os.O_RDONLY)
    fcntl.flock(directory, fcntl.LOCK_EX | fcntl.LOCK_NB)
    os.close(directory)


def test_no_directory_no_lock(tmp_path: Path) -> None:
    """Whoever opens the run says that it is not there, not the lock."""
    with report_lock(tmp_path / "missing"):
        pass
