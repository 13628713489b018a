"""`limit-too-low`: refused though nothing was leaked, or though the leaks are taken off."""

from __future__ import annotations

from loadtests.model.text.wording import count, of_total
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


def check(evidence: Evidence) -> Checked:
    """Counts the hits at which sessions that were not leaked filled the account.

    Each hit is counted separately; the counterfactual estimates the refusals of a whole run without leaks.
    """
    limit, hits = evidence.manifest.limit, evidence.hits
    if limit is None:
        return Unknown("no limit was configured (--limit, or limit in the scenario)") if hits.count else None
    if not hits.count:
        return None
    # An API that refuses below its limit has an effective limit: the most that it accepted.
    full = min(limit, int(evidence.log.row(_MOST)["held"] or 0))
    own = evidence.log.row(_OWN, full=full)
    if own["n"] < max(2, SHARE * hits.first_attempts_made):
        return None
    return Finding(
        "limit-too-low",
        "warning",
        "account limit",
        "likely",
        f"{of_total(int(own['n']), hits.count, 'refused attempt')} would have been refused without any leaked"
        f" session: users who were"
        f" present held {count(full, 'slot')}. The limit is {limit}.",
        "Even without leaks this load needs a higher limit or shorter sessions. Ask for a higher limit, or let users wait.",
        interval=(float(own["low"]), float(own["high"])),
        chart="hits",
    )


CHECK = Check("limit-too-low", check)
