"""What a run that lasts for hours needs: told how much it will write, bounded in it, its own memory looked at."""

from __future__ import annotations

import os
import pty
import signal
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from loadtests.model.run.manifest import read_manifest
from loadtests.recording.disk import ARROW_BYTES, LEDGER_BYTES

from .locust_run import ROOT, finish, run_locust, start_locust, truth


def test_locusts_own_files_are_written_beside_ours(tmp_path: Path) -> None:
    """--csv, --html and --json-file in one run; what was foretold of its size is near what it came to; its memory is told."""
    run = run_locust(tmp_path, "smoke", "--csv", "locust", "--html", "locust.html", "--json-file", "locust")
    assert run.code == 0, run.output
    for name in ("locust_stats.csv", "locust_failures.csv", "locust_exceptions.csv", "locust.html", "locust.json"):
        assert (tmp_path / name).stat().st_size > 0, name
    assert "/v1/streaming.new" in (tmp_path / "locust_stats.csv").read_text(encoding="utf-8")
    for name in ("report.html", "summary.json", "junit.xml", "events.parquet"):
        assert (run.folder / name).stat().st_size > 0, name
    (events,) = duckdb.sql(f"SELECT count(*) FROM '{run.folder}/events.parquet'").fetchall()[0]
    sizes = {name: (run.folder / name).stat().st_size for name in ("ledger.jsonl", "events.arrow")}
    # A long run's numbers and times are longer; a short one's batches are small, and each has a frame of its own.
    ledger = run.summary["sessions"]["opened"] * LEDGER_BYTES
    assert ledger / 2 < sizes["ledger.jsonl"] <= ledger
    assert sizes["events.arrow"] < 4 * events * ARROW_BYTES
    memory = run.summary["generator"]["memory"]
    assert 20e6 < memory["first"] <= memory["peak"] < 1e9
    assert memory["last"] <= memory["peak"]


@pytest.mark.parametrize(
    ("options", "code", "says"),
    [
        (("--max-disk", "20KB"), 64, "--max-disk: is 20 KB, but the run is expected to write"),
        (("--max-disk", "much"), 64, "must be a size, for example '500MB'"),
        (("-u", "1000000000"), 69, "but the run is expected to write"),
    ],
)
def test_a_run_that_will_not_fit_does_not_start(tmp_path: Path, options: tuple[str, ...], code: int, says: str) -> None:
    """The user's mistake, or no room on the disk; nothing was run."""
    process = start_locust(tmp_path, "--headless", "--sandbox", "--scenario", "smoke", *options)
    output, _ = process.communicate(timeout=60)
    assert process.returncode == code, output
    assert says in output
    assert "Traceback" not in output
    assert not (tmp_path / "runs").exists()


def test_a_run_that_has_written_enough_ends_as_any_other(tmp_path: Path) -> None:
    """Without a scenario nothing can be foretold: it ends by its drain, says why, and leaves nothing open."""
    process = start_locust(
        tmp_path, "--headless", "--sandbox", "--sandbox-log", "truth.jsonl", "--observe", "0", "--only-summary",
        "--max-disk", "20KB", "-u", "30", "-r", "30", "-t", "60s", "SeedExample",
    )  # fmt: skip
    run = finish(process, tmp_path)
    manifest = read_manifest(run.folder)
    assert manifest.end_reason == "it had written as much as it may"
    assert manifest.load_ended is not None
    assert manifest.load_ended < 90
    assert all("cause" in facts for facts in truth(run.truth).values())
    assert (run.folder / "report.html").exists()


def test_time_left_is_on_the_terminal_and_not_in_a_log(tmp_path: Path) -> None:
    """Each second on a terminal that can redraw it; a log gets a line each minute only."""
    screen, terminal = pty.openpty()
    command = [sys.executable, "-m", "locust", "-f", str(ROOT / "locustfile.py"), "--headless", "--sandbox"]
    command += ["--scenario", "smoke", "--only-summary", "--observe", "0"]
    process = subprocess.Popen(
        command,
        cwd=tmp_path,
        env={**os.environ, "TERM": "xterm"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=terminal,
        start_new_session=True,
    )
    os.close(terminal)
    seen = b""
    try:
        while b" left" not in seen:
            seen += os.read(screen, 4096)
    finally:
        process.send_signal(signal.SIGTERM)
        while process.poll() is None:
            _drop(screen)
        os.close(screen)
    assert b"00:10" in seen


def _drop(screen: int) -> None:
    # What nobody reads would keep the process from ending.
    try:
        os.read(screen, 4096)
    except OSError:
        return
