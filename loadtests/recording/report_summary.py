"""Reads what the report of a run says, from its summary.json."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec

SUMMARY = "summary.json"


class Sessions(msgspec.Struct):
    """Its part `sessions`."""

    opened: int | None = None
    peak: int | None = None
    leaked: int | None = None


class Hits(msgspec.Struct):
    """Its part `concurrency_hits`."""

    count: int | None = None


class ReportSummary(msgspec.Struct):
    """The part of summary.json that lists of runs and the page of a run that has ended show."""

    verdict: str | None = None
    """None: there is no report."""
    sentence: str = ""
    limit: int | None = None
    sessions: Sessions = msgspec.field(default_factory=Sessions)
    concurrency_hits: Hits = msgspec.field(default_factory=Hits)
    findings: list[dict[str, Any]] = []
    gates: list[dict[str, Any]] = []


def read_summary(run: Path) -> ReportSummary:
    """Returns the summary of the run in the directory `run`; one without a verdict if there is none that can be read."""
    try:
        return msgspec.json.decode((run / SUMMARY).read_bytes(), type=ReportSummary)
    except (OSError, msgspec.DecodeError):
        return ReportSummary()
