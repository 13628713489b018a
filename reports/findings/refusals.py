"""`rate-limited` and `quota-exhausted`: refusals by the API's own rules that are no concurrency hits."""

from __future__ import annotations

from loadtests.model.api.answer import Reason
from loadtests.model.text.wording import were
from reports.findings.check import Check
from reports.findings.evidence import Evidence
from reports.findings.finding import Checked, Confidence, Finding

# A 429 that neither says so nor has the documented code (RFC 6585, section 4).
_GUESSED = f"""
SELECT count(*) AS n FROM events
WHERE outcome = 'fail' AND reason = '{Reason.RATE}' AND code <> 400123 AND NOT contains(lower(coalesce(detail, '')), 'rate')
"""


def _refused(
    evidence: Evidence, name: str, reason: Reason, text: str, advice: str, confidence: Confidence = "certain"
) -> Checked:
    refused = evidence.failures.where(lambda row: row.outcome == "fail" and row.reason == reason)
    if not refused.n:
        return None
    return Finding(
        name,
        "warning",
        "API",
        confidence,
        f"{were(refused.n, 'request')} refused {text}: {refused.by(lambda row: row.kind)}. These are not"
        " concurrency hits.",
        advice,
        interval=refused.interval,
        chart="hits",
    )


def check_rate(evidence: Evidence) -> Checked:
    """Reports calls that the rate limit refused."""
    return _refused(
        evidence,
        "rate-limited",
        Reason.RATE,
        "by the rate limit",
        "Send less often: spread arrivals and keep-alives, respect Retry-After, and back off with jitter.",
        "likely" if evidence.log.row(_GUESSED)["n"] else "certain",
    )


def check_quota(evidence: Evidence) -> Checked:
    """Reports calls that were refused because the quota is used up."""
    return _refused(
        evidence,
        "quota-exhausted",
        Reason.QUOTA,
        "because the account's quota is used up",
        "Persistent quota errors often indicate unclosed sessions. Close them first, then ask for a larger quota.",
    )


RATE = Check("rate-limited", check_rate)
QUOTA = Check("quota-exhausted", check_quota)
