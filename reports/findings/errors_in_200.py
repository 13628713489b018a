"""`errors-in-200`: refusals that come with HTTP status 2xx."""

from __future__ import annotations

from reports.findings.check import Check
from reports.findings.evidence import Evidence
from reports.findings.finding import Checked, Finding


def look(evidence: Evidence) -> Checked:
    """Complete answers that say no, in a status that says yes."""
    refusals = evidence.failures.where(lambda row: row.outcome == "fail" and bool(row.status))
    hidden = refusals.where(lambda row: 200 <= row.status < 300)
    if not hidden.n:
        return None
    return Finding(
        "errors-in-200",
        "problem",
        "API",
        "certain",
        f"{hidden.n} of {refusals.n} refusals came with HTTP 200: {hidden.by(lambda row: f'{row.kind} ({row.reason})')}.",
        "Read the code in the body of every answer, not the HTTP status alone: only code 100 is success.",
        interval=hidden.interval,
        chart="latency",
    )


CHECK = Check("errors-in-200", look)
