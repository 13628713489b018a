"""`hits-by-wording`: refusals counted as concurrency hits because of their wording alone."""

from __future__ import annotations

from collections.abc import Sequence

from loadtests.model.api.description.refusal_rule import RefusalRule
from loadtests.model.text.wording import of_total
from reports.findings.check import Check
from reports.findings.evidence import Evidence
from reports.findings.finding import Checked, Finding

_WORDED = """
SELECT count(*) AS n, min(t) AS low, max(answered) AS high, mode(message) AS message, mode(status) AS status
FROM attempts WHERE is_hit AND NOT ({described})
"""
_LONGEST_MESSAGE = 120


def check(evidence: Evidence) -> Checked:
    """Reports hits that no refusal of the API's description matches."""
    if not evidence.hits.count:
        return None
    described, texts = _described(evidence.manifest.description.refusals)
    worded = evidence.log.row(_WORDED.format(described=described), **texts)
    if not worded["n"]:
        return None
    return Finding(
        "hits-by-wording",
        "note",
        "account limit",
        "likely",
        f"{of_total(int(worded['n']), evidence.hits.count, 'concurrency hit')} matched no documented refusal in status, code and"
        f" words together. Most said (HTTP {worded['status']}): “{str(worded['message'])[:_LONGEST_MESSAGE]}”.",
        "Check that this message means a full account. If it does not, the hits of this run are too many.",
        interval=(float(worded["low"]), float(worded["high"])),
        chart="hits",
    )


def _described(rules: Sequence[RefusalRule]) -> tuple[str, dict[str, str]]:
    """Returns the condition that one of `rules` matches an attempt, and the values of its parameters."""
    rows = [rule.pattern for rule in rules]
    texts = {f"text_{number}": row.text for number, row in enumerate(rows) if row.text}
    conditions = [
        " AND ".join(
            (
                *([] if row.status is None else [f"status = {row.status}"]),
                *([] if row.code is None else [f"code = {row.code}"]),
                *([f"contains(lower(coalesce(message, '')), $text_{number})"] if row.text else []),
            )
        )
        for number, row in enumerate(rows)
    ]
    return " OR ".join(conditions) or "FALSE", texts


CHECK = Check("hits-by-wording", check)
