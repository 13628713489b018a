"""`lost-answers`: `new` opened a session, and its client never learnt of it."""

from __future__ import annotations

from loadtests.model.text.wording import count
from reports.findings.check import Check
from reports.findings.evidence import Evidence
from reports.findings.finding import Checked, Finding, Unknown
from reports.findings.shown import IS_LOST, shown


def check(evidence: Evidence) -> Checked:
    """Reports listed sessions that only a lost answer explains; unknown without the list."""
    lost = shown(evidence.log, IS_LOST, "opening", "coalesce(end_high, opened)")
    if lost is None and evidence.unresolved and not evidence.listed:
        return Unknown(
            f"{count(evidence.unresolved, 'new request')} got no usable answer, and the API's list, which shows what"
            f" they opened, was not"
            " available"
        )
    if lost is None:
        return None
    unresolved = f"; {count(evidence.unresolved, 'more request')} may have" if evidence.unresolved else ""
    return Finding(
        "lost-answers",
        "problem",
        "API",
        "likely",
        f"{count(lost.n, 'new request')} without a usable answer opened a session, as the list shows{unresolved}.",
        "After a new without an answer, search {list} for a session that no client owns, and close it. Otherwise it holds"
        " a slot until it has been idle for {idle_timeout}.",
        lost.sessions,
        lost.interval,
        "sessions",
    )


CHECK = Check("lost-answers", check)
