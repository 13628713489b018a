"""`sessions-lost-to-idle`: reaped while the person was there."""

from __future__ import annotations

from loadtests.model.text.units import format_duration
from loadtests.model.text.wording import between, verb, were
from reports.findings.check import Check
from reports.findings.evidence import Evidence
from reports.findings.finding import Checked, Finding
from reports.findings.shown import shown


def check(evidence: Evidence) -> Checked:
    """Reports sessions with the fate `expired`."""
    timeouts = {"least": "min(idle_timeout)", "most": "max(idle_timeout)"}
    lost = shown(evidence.log, "fate = 'expired'", "due_low", "end_high", timeouts)
    if lost is None:
        return None
    return Finding(
        "sessions-lost-to-idle",
        "warning",
        "modelled client",
        "likely",
        f"{were(lost.n, 'session')} reaped while {verb(lost.n, 'its user was', 'their users were')} present (idle timeout"
        f" {between(lost.figures['least'], lost.figures['most'], format_duration)}).",
        "Call {keep_alive} in quiet periods. Use a longer {idle_timeout} where they are long (up to {longest}).",
        lost.sessions,
        lost.interval,
        "sessions",
    )


CHECK = Check("sessions-lost-to-idle", check)
