"""A run directory written by an earlier version: every command that reads a run still reads it.

tests/golden/recorded-run was recorded once and is not to be recorded again: it has the columns and keys of its time.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from loadtests.recording.ledger import ledgers, read_ledgers
from loadtests.sandbox.process import SandboxProcess
from tests.conftest import GOLDEN
from tests.unit.test_cli import streamsoak

from .conftest import Client
from .crew import streamsoak as streamsoak_with_key
from .crew import summary

RECORDED = GOLDEN / "recorded-run"
PASS, UNKNOWN = 0, 2


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """A copy."""
    folder = tmp_path / "recorded-run"
    shutil.copytree(RECORDED, folder)
    return folder


def test_it_is_reported_with_the_figures_of_its_time(run: Path) -> None:
    """The same fates, hits, holders and verdict; the report and all that belongs to it is written."""
    (run / "summary.json").unlink()
    assert streamsoak("report", str(run)).returncode == PASS
    before, now = summary(RECORDED), summary(run)
    # A fate that was added later has no session.
    assert {
        fate: n for fate, n in now["sessions"]["fates"].items() if n or fate in before["sessions"]["fates"]
    } == before["sessions"]["fates"]
    assert now["sessions"]["opened"] == before["sessions"]["opened"] > 20
    assert now["concurrency_hits"]["held_by"] == pytest.approx(before["concurrency_hits"]["held_by"])
    for figure in ("count", "first_attempts", "persons_lost"):
        assert now["concurrency_hits"][figure] == before["concurrency_hits"][figure]
    assert now["slot_seconds"] == pytest.approx(before["slot_seconds"])
    assert now["verdict"] == before["verdict"]
    assert _gates(now) == _gates(before)
    assert {finding["name"] for finding in before["findings"]} == {finding["name"] for finding in now["findings"]}
    for name in ("report.html", "junit.xml", "support.csv", "summary.md"):
        assert (run / name).stat().st_size > 0, name


def _gates(told: dict[str, Any]) -> dict[str, str]:
    return {gate["gate"]: gate["result"] for gate in told["gates"]}


def test_it_is_checked(run: Path) -> None:
    """The exit code is that of its verdict."""
    code = {"pass": 0, "fail": 1, "unknown": 2}[summary(RECORDED)["verdict"]]
    assert streamsoak("check", str(run)).returncode == code


def test_it_is_compared_with_itself(run: Path, tmp_path: Path) -> None:
    """Its load is too short to tell, and that is said at once."""
    other = tmp_path / "other"
    shutil.copytree(run, other)
    done = streamsoak("compare", str(run), str(other))
    assert (done.returncode, done.stdout) == (UNKNOWN, "")
    assert "s of load in common, and 30 s are needed" in done.stderr


def test_it_is_planned(run: Path) -> None:
    """A plan is written, or it says why there is none."""
    done = streamsoak("plan", str(run))
    assert (done.returncode in (PASS, UNKNOWN), done.stderr) == (True, "")
    plan = json.loads((run / "plan.json").read_text(encoding="utf-8"))
    assert plan["today"] is not None or plan["unknown"]
    assert (run / "plan.html").stat().st_size > 0


def test_it_is_swept(run: Path, sandbox: Callable[..., SandboxProcess], client: Callable[..., Client]) -> None:
    """Sessions that its ledger shows as open are closed; here the last two, which a sandbox of today has."""
    api = sandbox("--idle-range", "1:3599")
    theirs = client(api.url)
    opened = [theirs.open(), theirs.open()]
    foreign = theirs.open()
    _reopen(run / "ledger.jsonl", opened)
    manifest = json.loads((run / "manifest.json").read_text(encoding="utf-8"))
    (run / "manifest.json").write_text(json.dumps({**manifest, "host": api.url, "sandbox": False}), encoding="utf-8")
    assert sorted(read_ledgers(ledgers(run)).open.values()) == sorted(opened)
    swept = streamsoak_with_key("sweep", str(run))
    assert "Closed 2 sessions" in swept.stdout, swept.stderr
    assert set(api.open_sessions()) == {foreign}
    assert "Closed 0 sessions" in streamsoak_with_key("sweep", str(run)).stdout


def _reopen(ledger: Path, ids: list[str]) -> None:
    """Give the ledger's last sessions these ids, and remove that they were closed."""
    entries = [json.loads(line) for line in ledger.read_text(encoding="utf-8").splitlines()]
    last = [entry[1] for entry in entries if entry[0] == "open"][-len(ids) :]
    by_number = dict(zip(last, ids, strict=True))
    kept = [entry for entry in entries if not (entry[0] == "closed" and entry[1] in by_number)]
    for entry in kept:
        if entry[0] == "open" and entry[1] in by_number:
            entry[2] = by_number[entry[1]]
    ledger.write_text("".join(json.dumps(entry, separators=(",", ":")) + "\n" for entry in kept), encoding="utf-8")
