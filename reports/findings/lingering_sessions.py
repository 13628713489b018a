"""`lingering-sessions`: open after they were due, to the end of the run or until we closed them."""

from __future__ import annotations

from loadtests.model.text.units import format_duration
from loadtests.model.text.wording import were
from reports.findings.check import Check
from reports.findings.evidence import Evidence
from reports.findings.finding import Checked, Finding, Unknown
from reports.findings.ghost_sessions import IS_GHOST
from reports.findings.shown import IS_LOST, shown

# What a slot that is freed late adds to the list after our stop is none of the reaper's. What a lost answer opened is overdue
# by the longest timeout of all, or not at all.
_LINGERS = f"""
NOT {IS_GHOST}
AND (fate = 'lingering' OR (fate = 'swept' AND overdue AND stop_sent > due_high + $tolerance))
AND (NOT {IS_LOST} OR seen_until > opened + (SELECT max(idle_timeout) FROM sessions) + $tolerance)
"""
_FIGURES = {"longest": "max(seen_until - due_high)", "lingering": "count(*) FILTER (fate = 'lingering')"}


def check(evidence: Evidence) -> Checked:
    """Reports sessions that the list still showed after they were due; ghosts are reported separately."""
    if not evidence.listed and evidence.opened:
        return Unknown("the API's list, which shows open sessions, was not available")
    found = shown(evidence.log, _LINGERS, "due_high", "seen_until", _FIGURES, tolerance=evidence.tolerance)
    if found is None:
        return None
    stuck = int(found.figures["lingering"])
    kept = f"; {'it' if found.n == 1 else f'{stuck:,} of them'} could not be closed" if stuck else ""
    return Finding(
        "lingering-sessions",
        "problem",
        "API",
        evidence.from_list("certain"),
        f"{were(found.n, 'session')} still open up to {format_duration(found.figures['longest'])} after"
        f" the due time{kept}.",
        "Send support.csv to the API's support, who can inspect and close such sessions. Close sessions with {stop}"
        " instead of waiting for the timeout.",
        found.sessions,
        found.interval,
        "leaks",
    )


CHECK = Check("lingering-sessions", check)
