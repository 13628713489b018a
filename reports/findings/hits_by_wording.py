"""`hits-by-wording`: refusals counted as concurrency hits because of their wording alone."""

from __future__ import annotations

from loadtests.model.text.wording import of_total
from reports.findings.check import Check
from reports.findings.evidence import Evidence
from reports.findings.finding import Checked, Finding

_WORDED = """
SELECT count(*) AS n, min(t) AS low, max(answered) AS high, mode(message) AS message, mode(status) AS status
FROM attempts WHERE is_hit AND code <> 10007 AND NOT contains(lower(message), 'concurrent limit')
"""
_LONGEST_MESSAGE = 120


def check(evidence: Evidence) -> Checked:
    """Reports hits with neither the documented code nor the documented words."""
    worded = evidence.log.row(_WORDED)
    if not worded["n"]:
        return None
    return Finding(
        "hits-by-wording",
        "note",
        "account limit",
        "likely",
        f"{of_total(int(worded['n']), evidence.hits.count, 'concurrency hit')} had neither the documented code nor the documented"
        f" words. Most said (HTTP {worded['status']}): “{str(worded['message'])[:_LONGEST_MESSAGE]}”.",
        "Check that this message means a full account. If it does not, the hits of this run are too many.",
        interval=(float(worded["low"]), float(worded["high"])),
        chart="hits",
    )


CHECK = Check("hits-by-wording", check)
