"""`limit-below-advertised`: refused with fewer sessions open than the limit says."""

from __future__ import annotations

from loadtests.model.text.wording import count, were
from reports.findings.check import Check
from reports.findings.evidence import Evidence
from reports.findings.finding import Checked, Finding, Unknown

LEAST_HITS = 2


def check(evidence: Evidence) -> Checked:
    """Reports refusals while fewer sessions than the limit can have been open, counting slots that are freed late."""
    limit, occupancy = evidence.manifest.limit, evidence.occupancy
    if limit is None:
        return Unknown("no limit was configured (--limit, or limit in the scenario)")
    if not occupancy.hits or occupancy.peak >= limit:
        return None
    if not evidence.listed:
        return Unknown("the API's list, which shows who else holds slots, was not available")
    fewer = occupancy.fewer(limit, "with_lag")
    if int(fewer["n"] or 0) < LEAST_HITS:
        return None
    assert fewer["low"] is not None
    assert fewer["high"] is not None
    return Finding(
        "limit-below-advertised",
        "problem",
        "API",
        "certain" if int(fewer["n"] or 0) >= 10 else "likely",
        f"{were(int(fewer['n'] or 0), 'new request')} refused with at most"
        f" {count(int(fewer['least'] or 0), 'session')} open, although the limit is {limit}; at most"
        f" {occupancy.peak} were open at once.",
        "Ask the API's support for the account's actual limit, and whether sessions that the list does not show hold slots.",
        interval=(float(fewer["low"]), float(fewer["high"])),
        chart="hits",
    )


CHECK = Check("limit-below-advertised", check)
