"""`early-reap`: sessions that ended before idleness was due, by a fixed time or by no rule that was found."""

from __future__ import annotations

from loadtests.model.text.units import format_duration
from loadtests.model.text.wording import count, were
from reports.findings.causes import LEAST_ENDS, SuspectedCause
from reports.findings.check import Check
from reports.findings.early import cause_finding
from reports.findings.evidence import Evidence, numbers, span
from reports.findings.finding import Checked, Finding

_NAME = "early-reap"
_ADVICE = (
    "Report it to the API's support with the sessions' ids. Until it is mended, ask for a longer activity_idle_timeout"
    " (up to 3599 s), and send keep-alives earlier."
)


def check(evidence: Evidence) -> Checked:
    """Reports ends that are early by a fixed time; otherwise the ends that no cause explains."""
    found = cause_finding(_NAME, evidence, _describe, _ADVICE)
    rest = evidence.causes.unexplained
    explained = sum(len(cause.ends) for cause in evidence.causes.found)
    if found is not None or rest.empty or (explained and len(rest) < max(LEAST_ENDS, 0.1 * explained)):
        return found
    return Finding(
        _NAME,
        "problem",
        "API",
        "likely",
        f"{count(len(rest), 'session')} ended before the idle timeout or the duration limit was due; no common cause was found.",
        _ADVICE,
        numbers(rest),
        span(rest["end_low"], rest["end_high"]),
        "sessions",
    )


def _describe(cause: SuspectedCause) -> str:
    n = len(cause.ends)
    return f"{were(n, 'session')} closed about {format_duration(cause.seconds)} before the idle timeout was due."


CHECK = Check(_NAME, check)
