"""`keepalive-slower-than-timeout`: an interval that cannot keep the timeout alive, as the vendor's own 60 s at 60 s."""

from __future__ import annotations

from reports.findings.check import Check
from reports.findings.evidence import Evidence, numbers
from reports.findings.finding import Checked, Finding
from reports.findings.shown import Shown, shown

_SLOW = "profile = $profile AND idle_timeout <= $every"
_LEAST = {"least": "min(idle_timeout)"}


def look(evidence: Evidence) -> Checked:
    """Profiles whose timer comes when the session is just being reaped, or later, in the sessions that they opened."""
    slow: list[Shown] = []
    said = []
    for name, profile in sorted(evidence.manifest.people.items()):
        every = profile.keep_alive.every
        # A fraction of the timeout is shorter than the timeout.
        if profile.keep_alive.when == "never" or every is None:
            continue
        own = shown(evidence.log, _SLOW, "opened", "opened", _LEAST, profile=name, every=every)
        if own is not None:
            slow.append(own)
            said.append(f"{name} each {every:g} s, of a timeout of {own.figures['least']:g} s")
    if not slow:
        return None
    return Finding(
        "keepalive-slower-than-timeout",
        "warning",
        "modelled client",
        "certain",
        f"In {sum(own.n for own in slow)} sessions keep-alives come no sooner than the idle timeout is over: {'; '.join(said)}.",
        "Take the interval from the timeout (half of activity_idle_timeout), not a fixed 60 s as in the vendor's example.",
        numbers(sorted(number for own in slow for number in own.sessions)),
        chart="margins",
    )


CHECK = Check("keepalive-slower-than-timeout", look)
