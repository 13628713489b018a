"""`early-reap`: sessions that ended a fixed time before idleness was due."""

from __future__ import annotations

from loadtests.model.text.wording import were
from reports.findings.causes import SuspectedCause
from reports.findings.check import Check
from reports.findings.early import cause_finding
from reports.findings.evidence import Evidence
from reports.findings.finding import Checked

_NAME = "early-reap"
_ADVICE = (
    "Report it to the API's support with the sessions' ids. Until it is mended, ask for a longer {idle_timeout}"
    " (up to {longest}). Call {keep_alive} earlier."
)


def check(evidence: Evidence) -> Checked:
    """Reports ends that are early by a fixed time."""
    return cause_finding(_NAME, evidence, _describe, _ADVICE)


def _describe(cause: SuspectedCause) -> str:
    n = len(cause.ends)
    return f"{were(n, 'session')} closed about {cause.length} before the idle timeout was due."


CHECK = Check(_NAME, check)
