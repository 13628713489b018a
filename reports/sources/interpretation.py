"""What the source of a log makes of its evidence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from reports.analysis.closures import Closures
from reports.audit.audit import Audit
from reports.findings.check import CheckOutcome
from reports.findings.finding import Finding
from reports.verdict.verdict import Verdict
from reports.watch.account import WatchedAccount


@dataclass(frozen=True)
class Interpretation:
    """What one source adds to the figures that every log has."""

    findings: list[Finding]
    checks: list[CheckOutcome]
    verdict: Verdict
    cause: str
    """What caused the refusals, in a sentence or two."""
    rankable: list[Finding]
    """The findings of which some are to be fixed first."""
    figures: Mapping[str, Any] = field(default_factory=dict)
    """Parts of summary.json that only this source has."""
    audit: Audit | None = None
    watched: WatchedAccount | None = None
    closures: Closures | None = None
