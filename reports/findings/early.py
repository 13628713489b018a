"""What the four causes of early ends have in common when they are told."""

from __future__ import annotations

from collections.abc import Callable

from reports.findings.causes import SuspectedCause
from reports.findings.evidence import Evidence, numbers, span
from reports.findings.finding import Checked, Finding, Unknown

_NAMES = {
    "keepalive-ignored": "keep-alives without effect",
    "timeout-clamped": "a cut idle timeout",
    "hidden-duration-cap": "a hidden cap on their duration",
    "early-reap": "a reaper that comes too early",
}


def told(name: str, evidence: Evidence, say: Callable[[SuspectedCause], str], advice: str) -> Checked:
    """The finding of that name; unknown where another explains the same ends; nothing where there are none."""
    cause = evidence.causes.of(name)
    if cause is None:
        other = evidence.causes.rivalled(name)
        return Unknown(f"cannot be told apart from {other.name} in this run") if other else None
    said, confidence = say(cause), "certain"
    if cause.rivals:
        others = " or ".join(f"{_NAMES[rival]} ({rival})" for rival in cause.rivals)
        said = f"{said} It cannot be told apart from {others}: a run with more idle timeouts and longer sessions would."
        confidence = "unknown"
    elif len(cause.ends) < 10:
        confidence = "likely"
    ends = cause.ends
    return Finding(
        name,
        "problem",
        "API",
        confidence,  # type: ignore[arg-type]
        said,
        advice,
        numbers(ends),
        span(ends["end_low"], ends["end_high"]),
        "sessions",
    )
