"""`unstable-answers`: server errors, resets, half answers, and what is not JSON."""

from __future__ import annotations

from loadtests.model.api.answer import Reason
from reports.findings.check import Check
from reports.findings.evidence import Evidence
from reports.findings.finding import Checked, Finding, Severity

BROKEN = frozenset(
    reason.value for reason in (Reason.SERVER_ERROR, Reason.RESET, Reason.UNREADABLE, Reason.TOO_LARGE, Reason.REDIRECT)
)
"""A connection that we cut ourselves (a person who crashes) is none of these."""
MUCH, LITTLE = 0.01, 0.001
"""Shares of the requests from which on it is a problem, and below which it is worth a note."""


def look(evidence: Evidence) -> Checked:
    """Calls whose effect is unknown since their answer was none."""
    broken = evidence.failures.where(lambda row: row.outcome == "unknown" and row.reason in BROKEN)
    if not broken.n:
        return None
    sent = sum(evidence.failures.sent.values())
    share = broken.n / sent
    severity: Severity = "problem" if share >= MUCH else "warning" if share >= LITTLE else "note"
    return Finding(
        "unstable-answers",
        severity,
        "API",
        "certain",
        f"{broken.n} of {sent} requests ({share:.2%}) had an answer that was none: {broken.by(lambda row: row.reason)};"
        f" {broken.by(lambda row: row.kind)}.",
        "Retry what may be repeated (keep_alive, stop) with a back-off; a new may have opened a session: look into"
        " streaming.list before the next one. Handle connection errors as the vendor asks to.",
        interval=broken.interval,
        chart="latency",
    )


CHECK = Check("unstable-answers", look)
