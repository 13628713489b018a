"""`deprecated-disable-idle-timeout`: a field that has no effect."""

from __future__ import annotations

from reports.findings.check import Check
from reports.findings.evidence import Evidence
from reports.findings.finding import Checked, Finding
from reports.findings.shown import shown


def look(evidence: Evidence) -> Checked:
    """Profiles that ask for it, and the sessions that they opened."""
    asking = [name for name, profile in sorted(evidence.manifest.people.items()) if profile.disable_idle_timeout]
    own = shown(evidence.log, "list_contains($asking, profile)", "opened", "opened", asking=asking) if asking else None
    if own is None:
        return None
    return Finding(
        "deprecated-disable-idle-timeout",
        "warning",
        "modelled client",
        "certain",
        f"{own.n} sessions were opened with disable_idle_timeout ({', '.join(asking)}), which is deprecated and has no"
        " effect: there is no “forever”.",
        "Leave disable_idle_timeout false; ask for a high activity_idle_timeout (up to 3599 s), and send keep-alives in quiet"
        " periods.",
        own.sessions,
    )


CHECK = Check("deprecated-disable-idle-timeout", look)
