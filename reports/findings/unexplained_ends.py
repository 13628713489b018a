"""`unexplained-ends`: sessions that ended before they were due, and no cause accounts for it."""

from __future__ import annotations

from loadtests.model.text.wording import count, of_total
from reports.findings.causes import LEAST_ENDS, EndFit
from reports.findings.check import Check
from reports.findings.early import CAUSE_NAMES
from reports.findings.evidence import Evidence, numbers, span
from reports.findings.finding import Checked, Finding

LEAST_SHARE = 0.1
"""Of the explained ends: where a cause was found, fewer ends without one may be due to it, too."""


def check(evidence: Evidence) -> Checked:
    """Reports the ends before idle timeout and duration limit that none of the four causes explains.

    An end counts if its whole interval lies before the due time by more than the run's tolerance, so a run with a correct API
    gives no false alarm: none in 50 seeds of `make matrix`.
    """
    causes = evidence.causes
    rest, explained = causes.unexplained, sum(len(cause.ends) for cause in causes.found)
    if rest.empty or (explained and len(rest) < max(LEAST_ENDS, LEAST_SHARE * explained)):
        return None
    tried = "; ".join(_describe(fit, len(rest)) for fit in causes.rejected if fit.explained)
    return Finding(
        "unexplained-ends",
        "problem",
        "API",
        "likely" if evidence.listed else "unknown",
        f"{count(len(rest), 'session')} ended before the idle timeout or the duration limit was due; no common cause was found"
        f"{f' ({tried})' if tried else ''}.{_doubt(evidence)}",
        "Report it to the API's support with the sessions' ids. Until it is fixed, treat any session as one that can end at any"
        " time, and open a new one when a call says that it has ended.",
        numbers(rest),
        span(rest["end_low"], rest["end_high"]),
        "sessions",
    )


def _doubt(evidence: Evidence) -> str:
    return (
        ""
        if evidence.listed
        else " Without a list, a call that did not find the session is the only sign: it may be open."
    )


def _describe(fit: EndFit, n: int) -> str:
    against = f", but {count(fit.outlived, 'session')} outlived it" if fit.outlived else ""
    return f"{CAUSE_NAMES[fit.name]} would explain {of_total(fit.explained, n, 'end')}{against}"


CHECK = Check("unexplained-ends", check)
