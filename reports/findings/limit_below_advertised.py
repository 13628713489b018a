"""`limit-below-advertised`: refused with fewer sessions open than the limit says."""

from __future__ import annotations

from loadtests.model.text.wording import count, were
from reports.findings.check import Check
from reports.findings.evidence import Evidence
from reports.findings.finding import Checked, Finding, Unknown
from reports.findings.refusal_causes import LEAST_REFUSALS, Cause

LEAST_FOR_CERTAIN = 10


def check(evidence: Evidence) -> Checked:
    """Reports refusals while fewer sessions than the limit can have been open, all the time or in some periods."""
    limit = evidence.manifest.limit
    if limit is None:
        return Unknown("no limit was configured (--limit, or limit in the scenario)")
    if not evidence.hits.count or (evidence.occupancy.peak >= limit and not evidence.listed):
        return None
    if not evidence.listed:
        return Unknown("the API's list, which shows who else holds slots, was not available")
    causes = evidence.refusal_causes
    named = causes.named
    if named is None or causes.n < LEAST_REFUSALS or named.cause not in (Cause.LOWER_LIMIT, Cause.PERIODS):
        return None
    seen = (
        f"the peak was {evidence.peak}"
        if named.cause is Cause.LOWER_LIMIT
        else f"up to {evidence.peak} were open at other times"
    )
    return Finding(
        "limit-below-advertised",
        "problem",
        "API",
        "certain" if causes.n >= LEAST_FOR_CERTAIN and named.cause is Cause.LOWER_LIMIT else "likely",
        f"{were(causes.n, 'new request')} refused with at most {count(int(causes.rows['at_most'].min()), 'session')} open,"
        f" although the limit is {limit}; {seen}. {named.what[0].upper()}{named.what[1:]} would explain"
        f" {named.explained} of them.",
        "Ask the API's support for the account's actual limit, and whether sessions that the list does not show hold slots.",
        interval=causes.interval,
        chart="hits",
    )


CHECK = Check("limit-below-advertised", check)
