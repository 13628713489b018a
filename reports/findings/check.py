"""Runs checks. Each returns pass, fail (a finding) or unknown; a check that raises is unknown."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal

from reports.findings.evidence import Evidence
from reports.findings.finding import Checked, Finding, Unknown

logger = logging.getLogger(__name__)

ORDER = ("problem", "unknown", "warning", "note", "modelled")
"""Severities, the most severe first."""


@dataclass(frozen=True)
class Check:
    """A check, by the name of its finding."""

    name: str
    evaluate: Callable[[Evidence], Checked]


@dataclass(frozen=True)
class CheckOutcome:
    """The result of a check."""

    name: str
    result: Literal["pass", "fail", "unknown"]
    why: str = ""
    """Why the result is unknown."""


def run_checks(checks: Iterable[Check], evidence: Evidence) -> tuple[list[Finding], list[CheckOutcome]]:
    """Returns the findings, the most severe first, and the outcome of each check."""
    findings: list[Finding] = []
    outcomes: list[CheckOutcome] = []
    for check in checks:
        found = _evaluated(check, evidence)
        if isinstance(found, Finding):
            findings.append(found)
        outcomes.append(_outcome(check, found))
    findings.sort(key=lambda finding: ORDER.index(finding.severity))
    return findings, outcomes


def unknown_checks(checks: Iterable[CheckOutcome]) -> dict[str, str]:
    """Returns why checks are inconclusive, by name."""
    return {check.name: check.why for check in checks if check.why}


def _outcome(check: Check, found: Checked) -> CheckOutcome:
    if isinstance(found, Unknown):
        return CheckOutcome(check.name, "unknown", found.why)
    if found is None:
        return CheckOutcome(check.name, "pass")
    return CheckOutcome(check.name, "unknown" if found.severity == "unknown" else "fail", "")


def _evaluated(check: Check, evidence: Evidence) -> Checked:
    try:
        return check.evaluate(evidence)
    except Exception:
        logger.exception("The check for %s failed", check.name)
        return Finding(
            check.name,
            "unknown",
            "generator",
            "unknown",
            f"The check for {check.name} failed with an internal error, so its result is unknown.",
            "Report this as a bug in streamsoak, with the traceback from the log.",
        )
