"""`early-reap`: sessions that ended before idleness was due, by a fixed time or by no rule that was found."""

from __future__ import annotations

from loadtests.model.text.units import format_duration
from reports.findings.causes import LEAST_ENDS, SuspectedCause
from reports.findings.check import Check
from reports.findings.early import told
from reports.findings.evidence import Evidence, numbers, span
from reports.findings.finding import Checked, Finding

_NAME = "early-reap"
_ADVICE = (
    "Report it to the API's support with the sessions' ids. Until it is mended, ask for a longer activity_idle_timeout"
    " (up to 3599 s), and send keep-alives earlier."
)


def look(evidence: Evidence) -> Checked:
    """By a fixed time, if that explains them; else whatever no cause explains."""
    found = told(_NAME, evidence, _said, _ADVICE)
    rest = evidence.causes.unexplained
    explained = sum(len(cause.ends) for cause in evidence.causes.found)
    if found is not None or rest.empty or (explained and len(rest) < max(LEAST_ENDS, 0.1 * explained)):
        return found
    return Finding(
        _NAME,
        "problem",
        "API",
        "likely",
        f"{len(rest)} sessions ended before idleness or the duration limit was due, and they have nothing in common that"
        " was found.",
        _ADVICE,
        numbers(rest),
        span(rest["end_low"], rest["end_high"]),
        "sessions",
    )


def _said(cause: SuspectedCause) -> str:
    return f"{len(cause.ends)} sessions were closed about {format_duration(cause.seconds)} before idleness was due."


CHECK = Check(_NAME, look)
