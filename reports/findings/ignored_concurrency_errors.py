"""`ignored-concurrency-errors`: refused for the limit, and never asked again."""

from __future__ import annotations

from reports.findings.check import Check
from reports.findings.evidence import Evidence, numbers, span
from reports.findings.finding import Checked, Finding

_IGNORED = "SELECT session, t FROM persons_lost WHERE attempts = 1 ORDER BY t, session"


def look(evidence: Evidence) -> Checked:
    """Persons who were lost at the first refusal, since their client does not try again."""
    lost = evidence.log.frame(_IGNORED)
    if lost.empty:
        return None
    return Finding(
        "ignored-concurrency-errors",
        "warning",
        "modelled client",
        "certain",
        f"{len(lost)} of {evidence.hits.persons_lost} persons that the limit cost were lost at the first refusal: their client"
        " does not try again.",
        "Do not ignore concurrent limit errors: monitor them, back off and retry, and tell the person; persistent ones often"
        " indicate unclosed sessions.",
        numbers(lost),
        span(lost["t"], lost["t"]),
        "hits",
    )


CHECK = Check("ignored-concurrency-errors", look)
