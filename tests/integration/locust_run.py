"""Runs the real Locust, as a user would, in a process of its own."""

from __future__ import annotations

import fcntl
import json
import os
import pickle
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from reports.build import judge_run

CAUSES = {
    "closed": "stop",
    "censored": "stop",
    "swept": "stop",
    "expired": "idle",
    "leaked-reaped": "idle",
    "capped": "cap",
}
"""What the sandbox must have written down for each fate."""
ROOT = Path(__file__).parents[2]
SCENARIOS = Path(__file__).parent / "scenarios"
KEY = "secret-key-that-nobody-may-see"
_LONGEST_SECONDS = 180


@dataclass(frozen=True)
class Finished:
    """A run that has ended."""

    code: int
    output: str
    folder: Path
    truth: Path
    """What the sandbox wrote down."""

    @property
    def summary(self) -> dict[str, Any]:
        """summary.json."""
        loaded: dict[str, Any] = json.loads((self.folder / "summary.json").read_text(encoding="utf-8"))
        return loaded


def start_locust(cwd: Path, *options: str, locustfile: Path = ROOT / "locustfile.py") -> subprocess.Popen[str]:
    """Locust in the directory `cwd`."""
    command = [sys.executable, "-m", "locust", "-f", str(locustfile), *options]
    return subprocess.Popen(
        command,
        cwd=cwd,
        env={**os.environ, "KONPRO_API_KEY": KEY, "COLUMNS": "200"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def finish(process: subprocess.Popen[str], cwd: Path) -> Finished:
    """Wait for the end of `process`; killed if there is none."""
    try:
        output, _ = process.communicate(timeout=_LONGEST_SECONDS)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        raise
    folders = sorted((cwd / "runs").glob("*"))
    assert len(folders) == 1, output
    return Finished(process.returncode, output, folders[0], cwd / "truth.jsonl")


def run_locust(cwd: Path, scenario: str, *options: str) -> Finished:
    """A headless run of a scenario against a sandbox of its own."""
    process = start_locust(
        cwd,
        "--headless",
        "--sandbox",
        "--sandbox-log",
        "truth.jsonl",
        "--only-summary",
        "--scenario",
        scenario,
        *options,
    )
    return finish(process, cwd)


def shared_run(tmp_path_factory: pytest.TempPathFactory, name: str, make: Callable[[Path], Finished]) -> Finished:
    """The run `name`, which the first process of the test session that needs it makes; the others wait for it."""
    base = tmp_path_factory.getbasetemp()
    # Workers of xdist have directories of their own below that of the session.
    root = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    folder, kept = root / name, root / f"{name}.pickle"
    with (root / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not kept.exists():
            folder.mkdir()
            kept.write_bytes(pickle.dumps(make(folder)))
        finished: Finished = pickle.loads(kept.read_bytes())
        return finished


def truth(log: Path) -> dict[str, dict[str, Any]]:
    """What really happened to each session, by its id: `cause` is missing while it is open."""
    sessions: dict[str, dict[str, Any]] = {}
    for line in log.read_text(encoding="utf-8").splitlines():
        entry = json.loads(line)
        session = sessions.setdefault(entry["session"], {})
        if entry["event"] == "opened":
            session["opened"] = entry["at"]
        elif entry["event"] == "closed":
            session.update(closed=entry["at"], cause=entry["cause"])
    return sessions


def misjudged(run: Finished) -> dict[str, tuple[str | None, str | None]]:
    """Sessions, by id, whose fate as concluded is not what the sandbox wrote down: the fate, and the cause in truth.

    A session that only one of them knows is among them.
    """
    sessions = judge_run(run.folder).sessions
    concluded = dict(zip(sessions["id"], sessions["fate"], strict=True))
    really = truth(run.truth)
    both = {one: (concluded.get(one), really.get(one, {}).get("cause")) for one in concluded.keys() | really.keys()}
    return {
        one: (fate, cause) for one, (fate, cause) in both.items() if cause is None or CAUSES.get(fate or "") != cause
    }
