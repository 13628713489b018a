"""`errors-in-200`: refusals that come with HTTP status 2xx."""

from __future__ import annotations

from loadtests.model.text.wording import of_total
from reports.findings.check import Check
from reports.findings.evidence import Evidence
from reports.findings.finding import Checked, Finding


def check(evidence: Evidence) -> Checked:
    """Reports refusals whose HTTP status is a success."""
    refusals = evidence.failures.where(lambda row: row.outcome == "fail" and bool(row.status))
    hidden = refusals.where(lambda row: 200 <= row.status < 300)
    if not hidden.n:
        return None
    return Finding(
        "errors-in-200",
        "problem",
        "API",
        "certain",
        f"{of_total(hidden.n, refusals.n, 'refusal')} came with HTTP 200: {hidden.by(lambda row: f'{row.kind} ({row.reason})')}.",
        "Check the code in the body of every answer, not only the HTTP status: only code 100 means success.",
        interval=hidden.interval,
        chart="latency",
    )


CHECK = Check("errors-in-200", check)
