"""`lost-answers`: `new` opened a session, and its client never learnt of it."""

from __future__ import annotations

from reports.findings.check import Check
from reports.findings.evidence import Evidence
from reports.findings.finding import Checked, Finding, Unknown
from reports.findings.shown import IS_LOST, shown


def look(evidence: Evidence) -> Checked:
    """Sessions in the list that only a lost answer explains. Without the list, nobody knows."""
    lost = shown(evidence.log, IS_LOST, "opening", "coalesce(end_high, opened)")
    if lost is None and evidence.unresolved and not evidence.listed:
        return Unknown(
            f"{evidence.unresolved} new requests had no usable answer, and without the list nobody sees what they opened"
        )
    if lost is None:
        return None
    return Finding(
        "lost-answers",
        "problem",
        "API",
        "likely",
        f"{lost.n} new requests without a usable answer opened a session all the same, as the list shows;"
        f" {evidence.unresolved} more are unresolved.",
        "After a new without an answer, look into streaming.list for a session that nobody owns, and close it: it holds a slot"
        " until it has been idle for activity_idle_timeout.",
        lost.sessions,
        lost.interval,
        "sessions",
    )


CHECK = Check("lost-answers", look)
