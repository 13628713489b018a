"""`list-unavailable`: nobody saw what the API has open, or seldom."""

from __future__ import annotations

from loadtests.model.text.wording import of_total
from reports.findings.check import Check
from reports.findings.evidence import Evidence
from reports.findings.finding import Checked, Finding

SELDOM = 0.5
"""Of the looks: where fewer succeed, ends are seen too coarsely."""


def check(evidence: Evidence) -> Checked:
    """Checks how many polls of the list succeeded."""
    failed = evidence.failures.where(lambda row: row.kind == "list")
    looks = evidence.looks + failed.n
    if not evidence.opened or (looks and evidence.looks >= SELDOM * looks):
        return None
    if evidence.manifest.description.list is None:
        return Finding(
            "list-unavailable",
            "note",
            "generator",
            "certain",
            "The API has no list of sessions: those that the API ended, ghosts and foreign sessions are not observed.",
            "Ask the API's support for the ends of the sessions in support.csv if they matter.",
        )
    why = f" ({failed.by(lambda row: row.reason)})" if failed.n else " (it was never polled)"
    return Finding(
        "list-unavailable",
        "warning",
        "generator",
        "certain",
        f"The API's list of sessions was read in {of_total(evidence.looks, looks, 'poll')}{why}: sessions that the"
        f" API ended, ghosts"
        " and foreign sessions are not observed.",
        "Set the list call's path in the scenario's [api] section, and a poll interval.",
        interval=failed.interval,
    )


CHECK = Check("list-unavailable", check)
