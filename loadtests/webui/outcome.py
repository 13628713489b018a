"""The outcome of a run that has ended: the headline, findings and totals of its report."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec

from loadtests.recording.report_summary import read_summary
from loadtests.webui.runs import PastRun


class Outcome(msgspec.Struct):
    """What the pages show of a run that has ended."""

    past: PastRun
    limit: int | None = None
    sessions: int | None = None
    """Sessions opened; None, as below: there is no report."""
    peak: int | None = None
    """Most sessions open at once."""
    leaked: int | None = None
    hits: int | None = None
    """Refusals for the limit."""
    gates: list[dict[str, Any]] = []
    """As in summary.json."""
    findings: list[dict[str, Any]] = []
    """As in summary.json."""


def read_outcome(folder: Path, past: PastRun) -> Outcome:
    """Returns the outcome of the run in `folder`."""
    summary = read_summary(folder)
    return Outcome(
        past,
        summary.limit,
        summary.sessions.opened,
        summary.sessions.peak,
        summary.sessions.leaked,
        summary.concurrency_hits.count,
        summary.gates,
        summary.findings,
    )
