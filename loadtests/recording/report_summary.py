"""Reads what the report of a run says, from its summary.json."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec

SUMMARY = "summary.json"


class ReportSummary(msgspec.Struct):
    """The part of summary.json that lists of runs show."""

    verdict: str | None = None
    """None: there is no report."""
    sentence: str = ""
    findings: list[dict[str, Any]] = []
    gates: list[dict[str, Any]] = []


def read_summary(run: Path) -> ReportSummary:
    """Returns the summary of the run in the directory `run`; one without a verdict if there is none that can be read."""
    try:
        return msgspec.json.decode((run / SUMMARY).read_bytes(), type=ReportSummary)
    except (OSError, msgspec.DecodeError):
        return ReportSummary()
