"""`hidden-duration-cap`: sessions that end at one age, whatever they do, though `new` told no such limit."""

from __future__ import annotations

from loadtests.model.text.wording import were
from reports.findings.causes import SuspectedCause
from reports.findings.check import Check
from reports.findings.early import cause_finding
from reports.findings.evidence import Evidence
from reports.findings.finding import Checked


def check(evidence: Evidence) -> Checked:
    """Reports an age at which early ends agree and that no session exceeded."""
    return cause_finding(
        "hidden-duration-cap",
        evidence,
        _describe,
        "Ask the API's support for the limit on a session's duration. Open the next session before it is reached.",
    )


def _describe(cause: SuspectedCause) -> str:
    return (
        f"{were(len(cause.ends), 'session')} closed {cause.length} after being"
        " opened, regardless of activity; no session lived longer, and new reported no such limit."
    )


CHECK = Check("hidden-duration-cap", check)
