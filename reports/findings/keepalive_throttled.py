"""`keepalive-throttled`: a keep-alive timer that runs once a minute because its page is hidden."""

from __future__ import annotations

from loadtests.model.text.units import format_duration
from loadtests.model.text.wording import of_total, verb
from reports.analysis.throttling import find_throttled
from reports.findings.check import Check
from reports.findings.evidence import MOST_SESSIONS, Evidence
from reports.findings.finding import Checked, Finding

ADVICE = (
    "Browsers wake the timers of a hidden page once a minute. Ask for an idle timeout well above a minute (120 s and more), send"
    " keep-alives from a worker or your server, or close the session when the page is hidden for long (visibilitychange)."
)


def check(evidence: Evidence) -> Checked:
    """Reports sessions whose regular keep-alives came once a minute for some time."""
    found = list(find_throttled(evidence.log))
    if not found:
        return None
    intervals = [one.interval for one in found]
    n = len(found)
    return Finding(
        "keepalive-throttled",
        "warning",
        "modelled client",
        "likely",
        f"In {of_total(n, evidence.opened, 'session')} a keep-alive interval of {_range(min(intervals), max(intervals))} became"
        f" a minute, {sum(one.gaps for one in found):,} times in all, as for pages that have been hidden for long;"
        f" {_lost(evidence, [one.session for one in found])}.",
        ADVICE,
        tuple(one.session for one in found[:MOST_SESSIONS]),
        (min(one.low for one in found), max(one.high for one in found)),
        "margins",
    )


def _range(low: float, high: float) -> str:
    shortest, longest = format_duration(low), format_duration(high)
    return shortest if shortest == longest else f"{shortest} to {longest}"


def _lost(evidence: Evidence, sessions: list[int]) -> str:
    lost = evidence.log.row(
        "SELECT count(*) AS n FROM sessions WHERE list_contains($sessions, session) AND fate = 'expired'",
        sessions=sessions,
    )["n"]
    if not lost:
        return "no session was lost by it"
    return f"{lost:,} of them {verb(lost, 'was', 'were')} lost to idleness"


CHECK = Check("keepalive-throttled", check)
