"""`slow-new`: opening a session takes seconds, and the other calls do not."""

from __future__ import annotations

from loadtests.model.units import say_duration
from reports.finding import Checked, Finding, Unknown
from reports.log import Log
from reports.quantile import quantiles

from .check import Check
from .evidence import Evidence

SLOW_SECONDS = 1.0
"""The median of `new` from which on it is slow: a person waits for it."""
TIMES_THE_OTHERS = 3.0
"""Where all calls are slow, it is not `new` that is."""
LEAST_CALLS = 5

_TIMES = """
SELECT kind = 'new' AS is_new, latency / 1e9 AS v FROM events
WHERE outcome = 'ok' AND kind IN ('new', 'start', 'task', 'keep_alive', 'stop')
"""


def look(evidence: Evidence) -> Checked:
    """The medians of acknowledged calls, from the send."""
    new, others = _medians(evidence.log)
    if new is None:
        return Unknown(f"fewer than {LEAST_CALLS} new requests were acknowledged")
    if new < SLOW_SECONDS or (others is not None and new < TIMES_THE_OTHERS * others):
        return None
    beside = f", the other calls {say_duration(others)}" if others is not None else ""
    return Finding(
        "slow-new",
        "problem",
        "API",
        "certain" if others is not None else "likely",
        f"new took {say_duration(new)} in the middle{beside}.",
        "Open the session before the person needs it, show that it is being opened, and give new a timeout of its own; a"
        " person who leaves while it is under way leaves a session behind, unless stop is sent when it answers.",
        chart="latency",
    )


def _medians(log: Log) -> tuple[float | None, float | None]:
    found = {bool(row["is_new"]): row for row in quantiles(log, _TIMES, {"p50": 0.5}, ["is_new"]).to_dict("records")}
    new, others = (found.get(which) for which in (True, False))
    is_enough = new is not None and new["n"] >= LEAST_CALLS
    return (float(new["p50"]) if new and is_enough else None), (float(others["p50"]) if others else None)


CHECK = Check("slow-new", look)
