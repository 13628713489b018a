"""`rate-limited` and `quota-exhausted`: refusals by the API's own rules that are no concurrency hits."""

from __future__ import annotations

from loadtests.model.api.answer import Reason
from reports.findings.check import Check
from reports.findings.evidence import Evidence
from reports.findings.finding import Checked, Finding


def _refused(evidence: Evidence, name: str, reason: Reason, said: str, advice: str) -> Checked:
    refused = evidence.failures.where(lambda row: row.outcome == "fail" and row.reason == reason)
    if not refused.n:
        return None
    return Finding(
        name,
        "warning",
        "API",
        "certain",
        f"{refused.n} requests were refused {said}: {refused.by(lambda row: row.kind)}. They are no concurrency hits.",
        advice,
        interval=refused.interval,
        chart="hits",
    )


def look_rate(evidence: Evidence) -> Checked:
    """Refused for the rate."""
    return _refused(
        evidence,
        "rate-limited",
        Reason.RATE,
        "for their rate",
        "Send less often: spread arrivals and keep-alives, heed Retry-After, back off with jitter.",
    )


def look_quota(evidence: Evidence) -> Checked:
    """Refused since the account has used up what it may."""
    return _refused(
        evidence,
        "quota-exhausted",
        Reason.QUOTA,
        "for the account's quota",
        "Persistent quota errors often indicate unclosed sessions: close them first, then ask for a larger quota.",
    )


RATE = Check("rate-limited", look_rate)
QUOTA = Check("quota-exhausted", look_quota)
