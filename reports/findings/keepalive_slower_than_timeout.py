"""`keepalive-slower-than-timeout`: an interval that cannot keep the timeout alive, as the vendor's own 60 s at 60 s."""

from __future__ import annotations

from loadtests.model.text.units import format_duration
from loadtests.model.text.wording import count
from reports.findings.check import Check
from reports.findings.evidence import Evidence, numbers
from reports.findings.finding import Checked, Finding
from reports.findings.shown import Shown, shown

_SLOW = "profile = $profile AND idle_timeout <= $every"
_LEAST = {"least": "min(idle_timeout)"}


def check(evidence: Evidence) -> Checked:
    """Reports profiles whose keep-alive interval is as long as the idle timeout of a session they opened, or longer."""
    slow: list[Shown] = []
    text = []
    for name, profile in sorted(evidence.manifest.people.items()):
        every = profile.keep_alive.every
        # A fraction of the timeout is shorter than the timeout.
        if profile.keep_alive.when == "never" or every is None:
            continue
        own = shown(evidence.log, _SLOW, "opened", "opened", _LEAST, profile=name, every=every)
        if own is not None:
            slow.append(own)
            text.append(
                f"{name} every {format_duration(every)} with a timeout of {format_duration(own.figures['least'])}"
            )
    if not slow:
        return None
    return Finding(
        "keepalive-slower-than-timeout",
        "warning",
        "modelled client",
        "certain",
        f"In {count(sum(own.n for own in slow), 'session')} the keep-alive interval is not shorter than the idle timeout:"
        f" {'; '.join(text)}.",
        "Derive the interval from the timeout (half of {idle_timeout}). A fixed interval, such as 60 s, is too"
        " long for short timeouts.",
        numbers(sorted(number for own in slow for number in own.sessions)),
        chart="margins",
    )


CHECK = Check("keepalive-slower-than-timeout", check)
