"""`list-unavailable`: nobody saw what the API has open, or seldom."""

from __future__ import annotations

from reports.findings.check import Check
from reports.findings.evidence import Evidence
from reports.findings.finding import Checked, Finding

SELDOM = 0.5
"""Of the looks: where fewer succeed, ends are seen too coarsely."""


def look(evidence: Evidence) -> Checked:
    """Whether looks at the list succeeded."""
    failed = evidence.failures.where(lambda row: row.kind == "list")
    looks = evidence.looks + failed.n
    if not evidence.opened or (looks and evidence.looks >= SELDOM * looks):
        return None
    why = f" ({failed.by(lambda row: row.reason)})" if failed.n else " (nobody looked)"
    return Finding(
        "list-unavailable",
        "warning",
        "generator",
        "certain",
        f"The API's list of sessions could be read at {evidence.looks} of {looks} looks{why}:"
        " ends that nobody caused are unobserved, and so are ghosts and sessions of others.",
        "Give the list call's path in the scenario's [api] section, and a poll interval.",
        interval=failed.interval,
    )


CHECK = Check("list-unavailable", look)
