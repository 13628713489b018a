"""`limit-too-low`: refused though nothing was leaked, or though the leaks are taken off."""

from __future__ import annotations

from reports.findings.check import Check
from reports.findings.evidence import Evidence
from reports.findings.finding import Checked, Finding, Unknown

SHARE = 0.01
"""Of the first attempts: fewer refusals are what every limit costs now and then."""

_MOST = "SELECT max(held) AS held FROM (SELECT sum(held) AS held FROM held GROUP BY t)"
_OWN = """
WITH cared AS (SELECT t, coalesce(sum(held) FILTER (holder <> 'leaked'), 0) AS held FROM held GROUP BY t)
SELECT count(*) AS n, min(t) AS low, max(t) AS high FROM hits JOIN cared USING (t) WHERE cared.held >= $full
"""


def look(evidence: Evidence) -> Checked:
    """Hits at which the sessions that were not leaked filled the account by themselves.

    Each hit is looked at by itself; what a run without leaks would have come to is the counterfactual's to say.
    """
    limit, hits = evidence.manifest.limit, evidence.hits
    if limit is None:
        return Unknown("no limit was configured (--limit, or limit in the scenario)") if hits.count else None
    if not hits.count:
        return None
    # Where the API refuses below its limit, what it does accept is the limit.
    full = min(limit, int(evidence.log.row(_MOST)["held"] or 0))
    own = evidence.log.row(_OWN, full=full)
    if own["n"] < max(2, SHARE * hits.first_attempts_made):
        return None
    return Finding(
        "limit-too-low",
        "warning",
        "account limit",
        "likely",
        f"{own['n']} of {hits.count} refused attempts would have been refused without any leaked session: {full} slots were"
        f" held by people who were there. The limit is {limit}.",
        "With the leaks discounted, the load needs a higher limit, or shorter sessions; ask for one, or let people wait.",
        interval=(float(own["low"]), float(own["high"])),
        chart="hits",
    )


CHECK = Check("limit-too-low", look)
