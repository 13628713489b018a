"""`keepalive-ignored`: keep-alives that succeed, and sessions that die as if there had been none."""

from __future__ import annotations

from loadtests.model.text.wording import were
from reports.findings.causes import SuspectedCause
from reports.findings.check import Check
from reports.findings.early import cause_finding
from reports.findings.evidence import Evidence
from reports.findings.finding import Checked


def check(evidence: Evidence) -> Checked:
    """Reports ends at the time that would be due without the acknowledged keep-alives."""
    return cause_finding(
        "keepalive-ignored",
        evidence,
        _describe,
        "Report it to the API's support with the sessions' ids. Until it is fixed, do not rely on {keep_alive}. Use"
        " a high {idle_timeout} (up to {longest}).",
    )


def _describe(cause: SuspectedCause) -> str:
    return (
        f"{were(len(cause.ends), 'session')} closed one idle timeout after the last other activity,"
        " although later keep-alives had been acknowledged."
    )


CHECK = Check("keepalive-ignored", check)
