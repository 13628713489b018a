"""`stale-connections`: requests that were lost because the server had closed the connection without saying so."""

from __future__ import annotations

from loadtests.model.api.answer import Reason
from loadtests.model.text.wording import of_total, percent
from reports.findings.check import Check
from reports.findings.evidence import Evidence
from reports.findings.finding import Checked, Finding, Severity

MUCH = 0.01
"""Share of the requests from which it is worth a warning."""


def check(evidence: Evidence) -> Checked:
    """Reports requests on a reused connection that ended before an answer began, and that could not be sent again."""
    stale = evidence.failures.where(lambda row: row.reason == Reason.STALE)
    if not stale.n:
        return None
    sent = sum(evidence.failures.sent.values())
    severity: Severity = "warning" if stale.n >= MUCH * sent else "note"
    return Finding(
        "stale-connections",
        severity,
        "generator",
        "likely",
        f"{of_total(stale.n, sent, 'request')} ({percent(stale.n / sent)}) met a connection that the server had closed:"
        f" {stale.by(lambda row: row.kind)}. They were not sent again, because a second one might have a second effect.",
        "This says nothing about the API's stability. Ask its operator to send Connection: close before closing a connection, or"
        " to keep connections open for longer.",
        interval=stale.interval,
        chart="latency",
    )


CHECK = Check("stale-connections", check)
