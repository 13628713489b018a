"""Loops that fail in the midst of a run: it goes on or ends, and is never silent about it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections import Counter
from pathlib import Path

import pytest

from reports.log.log import open_log

from .crew import children, manifest, processes, summary, wait_for
from .locust_run import SCENARIOS, Finished, finish, misjudged, start_locust, truth

pytestmark = pytest.mark.faults

LOCUSTFILES = Path(__file__).parent / "locustfiles"
EVERY_WAY = SCENARIOS / "every-way.toml"
UNKNOWN = 2
ALWAYS = {
    "watching the run",
    "recording the process's health",
    "checking for overdue requests",
    "waking tasks",
    "adding calls to Locust's statistics",
}
"""Loops of every process that leads a run."""


def _start(folder: Path, locustfile: Path, *options: str, scenario: Path = EVERY_WAY) -> subprocess.Popen[str]:
    sandbox = ("--headless", "--sandbox", "--sandbox-log", "truth.jsonl", "--only-summary")
    return start_locust(folder, *sandbox, "--scenario", str(scenario), *options, locustfile=locustfile)


def _loops(folder: Path) -> tuple[Counter[str], set[str]]:
    """Steps by loop, and greenlets that were started otherwise."""
    steps: Counter[str] = Counter()
    others: set[str] = set()
    for path in folder.glob("loops.*.json"):
        told = json.loads(path.read_text(encoding="utf-8"))
        steps.update(told["steps"])
        others.update(told["others"])
    return steps, others


@pytest.mark.parametrize("number", [0, 2], ids=["one process", "two workers"])
def test_every_loop_goes_on_after_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    """The second step of each fails: the run is inconclusive, the loops go on, and nothing is left open.

    There is no greenlet of ours that was started otherwise.
    """
    monkeypatch.setenv("LOOPS_FILE", str(tmp_path / "loops"))
    run = finish(_start(tmp_path, LOCUSTFILES / "failing_loops.py", *(processes(number) if number else ())), tmp_path)
    assert run.code == UNKNOWN, run.output
    steps, others = _loops(tmp_path)
    more = {"shipping the record", "checking for lost workers"} if number else set()
    assert steps.keys() >= ALWAYS | more
    assert all(steps[name] > 2 for name in (ALWAYS | more) - {"waking tasks"}), steps
    assert others == set()
    assert "injected while watching the run" in run.output
    doubts = summary(run.folder)["generator"]["doubts"]
    assert any("in streamsoak" in doubt for doubt in doubts)
    assert all("cause" in facts for facts in truth(run.truth).values())


def _with_dead_observer(folder: Path) -> Finished:
    process = _start(folder, Path(__file__).parents[2] / "locustfile.py")

    def observers() -> list[int]:
        lines = {pid: Path(f"/proc/{pid}/cmdline") for pid in children(process.pid)}
        return [pid for pid, path in lines.items() if path.exists() and b"list_observer" in path.read_bytes()]

    def lists() -> int:
        logs = list(folder.glob("runs/*/events.arrow"))
        return logs[0].stat().st_size if logs else 0

    wait_for(lambda: observers() and lists() > 20_000, "the list is polled")
    (first,) = observers()
    os.kill(first, signal.SIGKILL)
    wait_for(lambda: observers() not in ([], [first]), "another process polls the list")
    return finish(process, folder)


def test_the_process_that_polls_the_list_is_replaced(tmp_path: Path) -> None:
    """Its gap is in the log, sessions that ended meanwhile are found ended, and the run says that something went wrong."""
    run = _with_dead_observer(tmp_path)
    assert run.code == UNKNOWN, run.output
    assert "is started again" in run.output
    log = open_log(run.folder)
    rows = log.records("SELECT t / 1e9 AS t, outcome, reason FROM events WHERE kind = 'list' ORDER BY t")
    log.close()
    gaps = [row["t"] for row in rows if row["reason"] == "observer-lost"]
    assert len(gaps) == 1
    assert any(row["t"] > gaps[0] and row["outcome"] == "ok" for row in rows)
    assert misjudged(run) == {}
    assert manifest(run.folder)["defects"] == 1


def test_a_guard_that_cannot_measure_ends_the_run(tmp_path: Path) -> None:
    """It fails closed."""
    run = finish(_start(tmp_path, LOCUSTFILES / "failing_guard.py", "--max-disk", "1GB"), tmp_path)
    assert run.code == UNKNOWN, run.output
    assert "could not be evaluated" in manifest(run.folder)["end_reason"]
    assert "cannot measure" in run.output
    assert manifest(run.folder)["load_ended"] < 5
    assert all("cause" in facts for facts in truth(run.truth).values())
