"""`timeout-clamped`: the idle timeout that was asked for is cut silently."""

from __future__ import annotations

from loadtests.model.text.units import format_duration
from reports.findings.causes import SuspectedCause
from reports.findings.check import Check
from reports.findings.early import told
from reports.findings.evidence import Evidence
from reports.findings.finding import Checked


def look(evidence: Evidence) -> Checked:
    """The idle time that the early ends have in common, whatever was asked for."""
    return told(
        "timeout-clamped",
        evidence,
        _said,
        "Send keep-alives by the timeout that is really kept, not by the one asked for; ask the API's support what the"
        " account allows (documented: activity_idle_timeout up to 3599 s).",
    )


def _said(cause: SuspectedCause) -> str:
    low, high = cause.ends["idle_timeout"].min(), cause.ends["idle_timeout"].max()
    asked = f"{low:g} s" if low == high else f"{low:g} to {high:g} s"
    return (
        f"{len(cause.ends)} sessions were closed after {format_duration(cause.seconds)} without activity, though they had"
        f" asked for an idle timeout of {asked}."
    )


CHECK = Check("timeout-clamped", look)
