"""The outcome of a run that has ended: the headline, findings and totals of its report."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec

from loadtests.webui.runs import PastRun, read_json

SUMMARY = "summary.json"


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


class _Sessions(msgspec.Struct):
    opened: int | None = None
    peak: int | None = None
    leaked: int | None = None


class _Hits(msgspec.Struct):
    count: int | None = None


class _Summary(msgspec.Struct):
    limit: int | None = None
    sessions: _Sessions = msgspec.field(default_factory=_Sessions)
    concurrency_hits: _Hits = msgspec.field(default_factory=_Hits)
    gates: list[dict[str, Any]] = []
    findings: list[dict[str, Any]] = []


def read_outcome(folder: Path, past: PastRun) -> Outcome:
    """Returns the outcome of the run in `folder`."""
    summary = read_json(folder / SUMMARY, _Summary)
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
