"""`sessions-lost-to-idle`: reaped while the person was there."""

from __future__ import annotations

from reports.findings.check import Check
from reports.findings.evidence import Evidence
from reports.findings.finding import Checked, Finding
from reports.findings.shown import shown


def look(evidence: Evidence) -> Checked:
    """The fate `expired`."""
    timeouts = {"least": "min(idle_timeout)", "most": "max(idle_timeout)"}
    lost = shown(evidence.log, "fate = 'expired'", "due_low", "end_high", timeouts)
    if lost is None:
        return None
    return Finding(
        "sessions-lost-to-idle",
        "warning",
        "modelled client",
        "likely",
        f"{lost.n} sessions were reaped while the person was there (idle timeouts of {lost.figures['least']:g} to"
        f" {lost.figures['most']:g} s).",
        "Send keep-alives in quiet periods, or ask for a longer activity_idle_timeout.",
        lost.sessions,
        lost.interval,
        "sessions",
    )


CHECK = Check("sessions-lost-to-idle", look)
