"""`slow-new`: opening a session takes seconds, and the other calls do not."""

from __future__ import annotations

from loadtests.model.text.units import format_duration
from reports.analysis.percentiles import percentiles
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


def check(evidence: Evidence) -> Checked:
    """Compares the median latency of `new` with that of the other calls, from the send."""
    new = percentiles(evidence.log, _NEW)
    if new.p50 is None or new.n < LEAST_CALLS:
        return Unknown(f"fewer than {LEAST_CALLS} new requests were acknowledged")
    if new.p50 < SLOW_SECONDS:
        return None
    # Computed only when needed: there are many other calls.
    others = percentiles(evidence.log, _OTHERS).p50
    if others is not None and new.p50 < TIMES_THE_OTHERS * others:
        return None
    beside = f", the median of the other calls {format_duration(others)}" if others is not None else ""
    return Finding(
        "slow-new",
        "problem",
        "API",
        "certain" if others is not None else "likely",
        f"The median new took {format_duration(new.p50)}{beside}.",
        "Open the session before the user needs it, show progress, and give new a timeout of its own. A user who leaves while"
        " new is in flight leaves a session open, unless stop is sent when the answer arrives.",
        chart="latency",
    )


CHECK = Check("slow-new", check)
