"""`unclosed-sessions`: left open by the modelled client."""

from __future__ import annotations

from loadtests.model.text.wording import listed, of_total, percent, verb
from reports.findings.check import Check
from reports.findings.evidence import Evidence
from reports.findings.finding import Checked, Finding
from reports.findings.shown import IS_LOST, shown

_LEAKS = f"leak AND NOT {IS_LOST}"
_WAYS = f"SELECT way, count(*) AS n FROM sessions WHERE {_LEAKS} GROUP BY way ORDER BY n DESC, way"


def check(evidence: Evidence) -> Checked:
    """Reports every session left without a stop, except those that a lost answer opened."""
    leaks = shown(evidence.log, _LEAKS, "left_at", "coalesce(end_high, $log_end)", log_end=evidence.log_end)
    if leaks is None:
        return None
    by_way = listed((row["n"], f"by {row['way']}") for row in evidence.log.records(_WAYS))
    return Finding(
        "unclosed-sessions",
        "warning",
        "modelled client",
        "certain",
        f"{of_total(leaks.n, evidence.opened, 'session')} ({percent(leaks.n / evidence.opened)})"
        f" {verb(leaks.n, 'was', 'were')} left without being closed: {by_way}.",
        "Send {stop} on every exit path: errors, closed pages, reconnects. Clear the keep-alive timer, too.",
        leaks.sessions,
        leaks.interval,
        "leaks",
    )


CHECK = Check("unclosed-sessions", check)
