"""`slow-new`: opening a session takes seconds, and the other calls do not."""

from __future__ import annotations

from loadtests.model.text.units import format_duration
from reports.analysis.latency import percentiles
from reports.findings.check import Check
from reports.findings.evidence import Evidence
from reports.findings.finding import Checked, Finding, Unknown

SLOW_SECONDS = 1.0
"""The median of `new` from which on it is slow: a person waits for it."""
TIMES_THE_OTHERS = 3.0
"""Where all calls are slow, it is not `new` that is."""
LEAST_CALLS = 5

_NEW = "SELECT latency / 1e9 AS v FROM events WHERE outcome = 'ok' AND kind = 'new'"
_OTHERS = (
    "SELECT latency / 1e9 AS v FROM events WHERE outcome = 'ok' AND kind IN ('start', 'task', 'keep_alive', 'stop')"
)


def look(evidence: Evidence) -> Checked:
    """The medians of acknowledged calls, from the send."""
    new = percentiles(evidence.log, _NEW)
    if new.p50 is None or new.n < LEAST_CALLS:
        return Unknown(f"fewer than {LEAST_CALLS} new requests were acknowledged")
    if new.p50 < SLOW_SECONDS:
        return None
    # Of all other calls it is asked only where it matters: there are many of them.
    others = percentiles(evidence.log, _OTHERS).p50
    if others is not None and new.p50 < TIMES_THE_OTHERS * others:
        return None
    beside = f", the other calls {format_duration(others)}" if others is not None else ""
    return Finding(
        "slow-new",
        "problem",
        "API",
        "certain" if others is not None else "likely",
        f"new took {format_duration(new.p50)} in the middle{beside}.",
        "Open the session before the person needs it, show that it is being opened, and give new a timeout of its own; a"
        " person who leaves while it is under way leaves a session behind, unless stop is sent when it answers.",
        chart="latency",
    )


CHECK = Check("slow-new", look)
