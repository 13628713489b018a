"""`limit-below-advertised`: refused with fewer sessions open than the limit says."""

from __future__ import annotations

from reports.findings.check import Check
from reports.findings.evidence import Evidence
from reports.findings.finding import Checked, Finding, Unknown

LEAST_HITS = 2


def look(evidence: Evidence) -> Checked:
    """Refusals at which fewer than the limit can have been open, slots that are freed late counted in."""
    limit, occupancy = evidence.manifest.limit, evidence.occupancy
    if limit is None:
        return Unknown("no limit was configured (--limit, or limit in the scenario)")
    if not occupancy.hits or occupancy.peak >= limit:
        return None
    if not evidence.listed:
        return Unknown("without the list nobody sees who else holds slots")
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
        f"{fewer['n']:.0f} new requests were refused with at most {fewer['least']:.0f} sessions open, though the limit is"
        f" {limit}; {occupancy.peak} were open at once at the most.",
        "Ask the API's support for the account's real limit, and whether sessions that you cannot see hold slots of it.",
        interval=(float(fewer["low"]), float(fewer["high"])),
        chart="hits",
    )


CHECK = Check("limit-below-advertised", look)
