"""`unclosed-sessions`: left open by the modelled client."""

from __future__ import annotations

from reports.findings.check import Check
from reports.findings.evidence import Evidence
from reports.findings.finding import Checked, Finding
from reports.findings.shown import IS_LOST, shown

_LEAKS = f"leak AND NOT {IS_LOST}"
_WAYS = f"SELECT way, count(*) AS n FROM sessions WHERE {_LEAKS} GROUP BY way ORDER BY n DESC, way"


def look(evidence: Evidence) -> Checked:
    """Every way of leaving without a stop; what a lost answer opened is not the client's doing."""
    leaks = shown(evidence.log, _LEAKS, "left_at", "coalesce(end_high, $log_end)", log_end=evidence.log_end)
    if leaks is None:
        return None
    by_way = ", ".join(f"{row['n']} by {row['way']}" for row in evidence.log.records(_WAYS))
    return Finding(
        "unclosed-sessions",
        "warning",
        "modelled client",
        "certain",
        f"{leaks.n} of {evidence.opened} sessions ({leaks.n / evidence.opened:.0%}) were left without being closed:"
        f" {by_way}.",
        "Send streaming.stop on every way out: errors, closed pages, reconnects; clear the keep-alive timer with it.",
        leaks.sessions,
        leaks.interval,
        "leaks",
    )


CHECK = Check("unclosed-sessions", look)
