"""`list-inconsistent`: the API's list contradicts itself or an acknowledged call."""

from __future__ import annotations

from loadtests.model.text.wording import count
from reports.findings.check import Check
from reports.findings.evidence import Evidence
from reports.findings.finding import Checked, Finding
from reports.findings.shown import shown


def check(evidence: Evidence) -> Checked:
    """Reports sessions that left the list and then were listed again or accepted a call."""
    found = shown(evidence.log, "is_contradicted", "opened", "greatest(coalesce(seen_until, alive), alive)")
    if found is None:
        return None
    return Finding(
        "list-inconsistent",
        "warning",
        "API",
        "certain",
        f"{count(found.n, 'session')} disappeared from the API's list and then reappeared or accepted a call.",
        "Do not rely on a single answer of {list}. Confirm with a second one before treating a session as closed.",
        found.sessions,
        found.interval,
        "sessions",
    )


CHECK = Check("list-inconsistent", check)
