"""`ghost-sessions`: the list shows them, and stop cannot find them."""

from __future__ import annotations

from loadtests.model.text.wording import verb, were
from reports.analysis.sessions import LAG_SECONDS
from reports.findings.check import Check
from reports.findings.evidence import Evidence
from reports.findings.finding import Checked, Finding, Unknown
from reports.findings.shown import IS_LOST, shown

# A stop that was acknowledged is listed late, and no ghost; nor is what a lost answer opened. A stop whose answer was lost may
# have closed it: then the next one is right, and the list only lags.
IS_GHOST = f"""
(ghost AND NOT {IS_LOST} AND coalesce(said_gone < stop_sent, stop_sent IS NULL)
    AND NOT coalesce(unsure_stop < said_gone AND end_high <= said_gone + {LAG_SECONDS}, FALSE))
"""
"""A call did not find the session, and a list requested afterwards showed it."""


def check(evidence: Evidence) -> Checked:
    """Reports sessions that a call could not find while the list showed them."""
    if not evidence.listed and evidence.opened:
        return Unknown("the API's list, which shows open sessions, was not available")
    lasting = {"lasting": "count(*) FILTER (end_high IS NULL)"}
    found = shown(evidence.log, IS_GHOST, "said_gone", "seen_until", lasting)
    if found is None:
        return None
    stay = int(found.figures["lasting"])
    until = f", {'all' if stay == found.n > 1 else f'{stay:,}'} until the end of the run" if stay else ""
    return Finding(
        "ghost-sessions",
        "problem",
        "API",
        evidence.from_list("certain"),
        f"{were(found.n, 'session')} reported as not found while the list still showed"
        f" {verb(found.n, 'it', 'them')}{until}. Each holds a slot.",
        "Send support.csv to the API's support, who can close such sessions. Until then, subtract them from the limit.",
        found.sessions,
        found.interval,
        "leaks",
    )


CHECK = Check("ghost-sessions", check)
