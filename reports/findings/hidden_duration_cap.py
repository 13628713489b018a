"""`hidden-duration-cap`: sessions that end at one age, whatever they do, though `new` told no such limit."""

from __future__ import annotations

from loadtests.model.text.units import format_duration
from reports.findings.causes import SuspectedCause
from reports.findings.check import Check
from reports.findings.early import told
from reports.findings.evidence import Evidence
from reports.findings.finding import Checked


def look(evidence: Evidence) -> Checked:
    """The age that the early ends have in common, and that no session outlived."""
    return told(
        "hidden-duration-cap",
        evidence,
        _said,
        "Ask the API's support for the limit on a session's duration, and open the next session before it is reached.",
    )


def _said(cause: SuspectedCause) -> str:
    return (
        f"{len(cause.ends)} sessions were closed {format_duration(cause.seconds)} after they had been opened, whatever they"
        " did, and none lived longer; new told no such limit."
    )


CHECK = Check("hidden-duration-cap", look)
