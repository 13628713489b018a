"""Runs `streamsoak audit` on real programs."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from .locust_run import ROOT

CLIENTS = ROOT / "tests" / "clients"
BOUND_SECONDS = 280.0
COMMAND = [sys.executable, "-m", "loadtests.cli", "audit", "--idle-range", "1:3599"]


@dataclass(frozen=True)
class Audited:
    """An audit that has ended."""

    code: int
    said: str
    result: dict[str, Any]
    runs: Path

    @property
    def findings(self) -> list[str]:
        """Their names."""
        return [finding["name"] for finding in self.result["findings"]]

    @property
    def sessions(self) -> list[dict[str, Any]]:
        """Each session and its verdict."""
        rows: list[dict[str, Any]] = self.result["audit"]["sessions"]
        return rows

    @property
    def folder(self) -> Path:
        """The audit's directory."""
        (found,) = self.runs.iterdir()
        return found


def environment() -> dict[str, str]:
    """Returns the environment of commands of ours."""
    return {**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "160"}


Audit = Callable[..., Audited]


@pytest.fixture
def audit(tmp_path: Path) -> Audit:
    """Runs audits: `audit(command, *options)`."""

    def run(command: list[str], *options: str) -> Audited:
        file, runs = tmp_path / "audit.json", tmp_path / "runs"
        whole = [*COMMAND, f"--run-dir={runs}", f"--json={file}", *options, "--", *command]
        done = subprocess.run(
            whole, capture_output=True, text=True, timeout=BOUND_SECONDS, check=False, env=environment(), cwd=tmp_path
        )
        assert "Internal error" not in done.stderr, done.stderr
        result = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
        return Audited(done.returncode, done.stdout + done.stderr, result, runs)

    return run
