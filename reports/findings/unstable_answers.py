"""`unstable-answers`: server errors, resets, half answers, and what is not JSON."""

from __future__ import annotations

from loadtests.model.api.answer import Reason
from loadtests.model.text.wording import of_total, percent
from reports.findings.check import Check
from reports.findings.evidence import Evidence
from reports.findings.finding import Checked, Finding, Severity

BROKEN = frozenset(
    reason.value for reason in (Reason.SERVER_ERROR, Reason.RESET, Reason.UNREADABLE, Reason.TOO_LARGE, Reason.REDIRECT)
)
"""A connection that the run itself cut (a person who crashes) is not among these."""
MUCH, LITTLE = 0.01, 0.001
"""Shares of the requests from which on it is a problem, and below which it is worth a note."""


def check(evidence: Evidence) -> Checked:
    """Reports calls whose effect is unknown because their answer was unusable."""
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
        f"{of_total(broken.n, sent, 'request')} ({percent(share)}) got no usable answer: {broken.by(lambda row: row.reason)}"
        f" ({broken.by(lambda row: row.kind)}).",
        "Retry calls that may be repeated with a back-off. A new may have opened a session: search"
        " {list} before sending the next one. Handle connection errors as the vendor recommends.",
        interval=broken.interval,
        chart="latency",
    )


CHECK = Check("unstable-answers", check)
