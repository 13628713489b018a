"""`deprecated-disable-idle-timeout`: a field that has no effect."""

from __future__ import annotations

from loadtests.model.text.wording import were
from reports.findings.check import Check
from reports.findings.evidence import Evidence
from reports.findings.finding import Checked, Finding
from reports.findings.shown import shown


def check(evidence: Evidence) -> Checked:
    """Returns a finding if a profile with `disable_idle_timeout` opened a session."""
    asking = [name for name, profile in sorted(evidence.manifest.people.items()) if profile.disable_idle_timeout]
    own = shown(evidence.log, "list_contains($asking, profile)", "opened", "opened", asking=asking) if asking else None
    if own is None:
        return None
    return Finding(
        "deprecated-disable-idle-timeout",
        "warning",
        "modelled client",
        "certain",
        f"{were(own.n, 'session')} opened with disable_idle_timeout ({', '.join(asking)}), which is"
        " deprecated and has no effect.",
        "Set disable_idle_timeout to false. Use a high {idle_timeout} (up to {longest}). Send keep-alives in quiet periods.",
        own.sessions,
    )


CHECK = Check("deprecated-disable-idle-timeout", check)
