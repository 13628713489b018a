"""`keepalive-ignored`: keep-alives that succeed, and sessions that die as if there had been none."""

from __future__ import annotations

from reports.findings.causes import SuspectedCause
from reports.findings.check import Check
from reports.findings.early import told
from reports.findings.evidence import Evidence
from reports.findings.finding import Checked


def look(evidence: Evidence) -> Checked:
    """Ends that were due, had the acknowledged keep-alives not been sent."""
    return told(
        "keepalive-ignored",
        evidence,
        _said,
        "Report it to the API's support with the sessions' ids. Until it is mended, do not rely on streaming.keep_alive: ask"
        " for a high activity_idle_timeout (up to 3599 s).",
    )


def _said(cause: SuspectedCause) -> str:
    return (
        f"{len(cause.ends)} sessions were closed one idle timeout after their last other activity, although keep-alives"
        " had been acknowledged since."
    )


CHECK = Check("keepalive-ignored", look)
