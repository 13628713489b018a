"""Checks, and how they are composed: each says pass, fail (what was found) or unknown; one that throws is unknown."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal

from reports.findings.evidence import Evidence
from reports.findings.finding import Checked, Finding, Unknown

logger = logging.getLogger(__name__)

ORDER = ("problem", "unknown", "warning", "note")
"""Severities, the worst first."""


@dataclass(frozen=True)
class Check:
    """A checker and the name of what it finds."""

    name: str
    look: Callable[[Evidence], Checked]


@dataclass(frozen=True)
class CheckOutcome:
    """What became of a check."""

    name: str
    result: Literal["pass", "fail", "unknown"]
    why: str = ""
    """Unknown: what the log does not tell."""


def run_checks(checks: Iterable[Check], evidence: Evidence) -> tuple[list[Finding], list[CheckOutcome]]:
    """What the checks find, the worst first, and what became of each."""
    findings: list[Finding] = []
    outcomes: list[CheckOutcome] = []
    for check in checks:
        found = _carried_out(check, evidence)
        if isinstance(found, Finding):
            findings.append(found)
        outcomes.append(_outcome(check, found))
    findings.sort(key=lambda finding: ORDER.index(finding.severity))
    return findings, outcomes


def _outcome(check: Check, found: Checked) -> CheckOutcome:
    if isinstance(found, Unknown):
        return CheckOutcome(check.name, "unknown", found.why)
    if found is None:
        return CheckOutcome(check.name, "pass")
    return CheckOutcome(check.name, "unknown" if found.severity == "unknown" else "fail", "")


def _carried_out(check: Check, evidence: Evidence) -> Checked:
    try:
        return check.look(evidence)
    except Exception:
        logger.exception("The check for %s failed", check.name)
        return Finding(
            check.name,
            "unknown",
            "generator",
            "unknown",
            f"The check for {check.name} failed: it is not known whether there is any.",
            "Report this: it is a defect of streamsoak.",
        )
