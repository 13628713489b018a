"""`stop-without-effect`: stop is acknowledged, and the session stays open until it has been idle."""

from __future__ import annotations

from loadtests.model.text.wording import of_total
from reports.findings.check import Check
from reports.findings.evidence import Evidence
from reports.findings.finding import Checked, Finding
from reports.findings.shown import shown


def check(evidence: Evidence) -> Checked:
    """Reports sessions that outlived an acknowledged stop and ended when they were due, or not at all."""
    found = shown(evidence.log, "stop_ignored", "stop_answered", "coalesce(end_high, seen_until)")
    if found is None:
        return None
    stopped = int(evidence.log.row("SELECT count(stop_answered) AS n FROM sessions")["n"])
    return Finding(
        "stop-without-effect",
        "problem",
        "API",
        evidence.from_list("certain"),
        f"{of_total(found.n, stopped, 'acknowledged stop')} had no effect: the list"
        " still showed the session until the API closed it for another reason, or to the end.",
        "Report it to the API's support with the sessions' ids. Until it is fixed, choose a short {idle_timeout}"
        " (from {least}), which frees the slots.",
        found.sessions,
        found.interval,
        "sessions",
    )


CHECK = Check("stop-without-effect", check)
