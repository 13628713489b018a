"""`ignored-concurrency-errors`: refused because of the limit, and not retried."""

from __future__ import annotations

from loadtests.model.text.wording import of_total
from reports.findings.check import Check
from reports.findings.evidence import Evidence, numbers, span
from reports.findings.finding import Checked, Finding

_IGNORED = "SELECT session, t FROM persons_lost WHERE attempts = 1 ORDER BY t, session"


def check(evidence: Evidence) -> Checked:
    """Reports persons who gave up after the first refusal."""
    lost = evidence.log.frame(_IGNORED)
    if lost.empty:
        return None
    return Finding(
        "ignored-concurrency-errors",
        "warning",
        "modelled client",
        "certain",
        f"{of_total(len(lost), evidence.hits.persons_lost, 'user')} turned away gave up after the first refusal:"
        f" their client does not"
        " retry.",
        "Do not ignore concurrent limit errors: monitor them, back off and retry, and inform the user. Persistent errors often"
        " indicate unclosed sessions.",
        numbers(lost),
        span(lost["t"], lost["t"]),
        "hits",
    )


CHECK = Check("ignored-concurrency-errors", check)
