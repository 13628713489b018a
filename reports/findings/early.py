"""Builds the finding of a cause of early ends; four findings share it."""

from __future__ import annotations

from collections.abc import Callable

from reports.findings.causes import SuspectedCause
from reports.findings.evidence import Evidence, numbers, span
from reports.findings.finding import Checked, Finding, Unknown

CAUSE_NAMES = {
    "keepalive-ignored": "keep-alives without effect",
    "timeout-clamped": "a shortened idle timeout",
    "hidden-duration-cap": "a hidden duration limit",
    "early-reap": "a reaper that is early",
}


def cause_finding(name: str, evidence: Evidence, describe: Callable[[SuspectedCause], str], advice: str) -> Checked:
    """Returns the finding `name`; unknown if another cause explains the same ends; None if no end has this cause."""
    cause = evidence.causes.of(name)
    if cause is None:
        other = evidence.causes.rivalled(name)
        return Unknown(f"cannot be distinguished from {other.name} in this run") if other else None
    text, confidence = describe(cause), evidence.from_list("certain")
    if cause.rivals:
        others = " or ".join(f"{CAUSE_NAMES[rival]} ({rival})" for rival in cause.rivals)
        text = f"{text} It cannot be distinguished from {others}. A run with more idle timeouts and longer sessions can tell."
        confidence = "unknown"
    elif cause.may_be_unheard:
        text = f"{text} That is also one idle timeout after they were opened, as if no call had reset it."
        confidence = "unknown"
    elif cause.may_be_two:
        text = f"{text} Keep-alives without effect, together with a reaper that is early or late, would look the same."
        confidence = "likely"
    elif len(cause.ends) < 10:
        confidence = "likely"
    ends = cause.ends
    return Finding(
        name,
        "problem",
        "API",
        confidence,
        text,
        advice,
        numbers(ends),
        span(ends["end_low"], ends["end_high"]),
        "sessions",
    )
