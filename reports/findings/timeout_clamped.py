"""`timeout-clamped`: the idle timeout that was asked for is cut silently."""

from __future__ import annotations

from loadtests.model.text.units import format_duration
from loadtests.model.text.wording import between, were
from reports.findings.causes import SuspectedCause
from reports.findings.check import Check
from reports.findings.early import cause_finding
from reports.findings.evidence import Evidence
from reports.findings.finding import Checked


def check(evidence: Evidence) -> Checked:
    """Reports an idle time at which early ends agree, whatever idle timeout was requested."""
    return cause_finding(
        "timeout-clamped",
        evidence,
        _describe,
        "Derive keep-alive intervals from the effective timeout, not from the requested one. Ask the API's support what the"
        " account allows. The documented maximum of {idle_timeout} is {longest}.",
    )


def _describe(cause: SuspectedCause) -> str:
    low, high = cause.ends["idle_timeout"].min(), cause.ends["idle_timeout"].max()
    asked = between(float(low), float(high), format_duration)
    return (
        f"{were(len(cause.ends), 'session')} closed after {cause.length} without"
        f" activity, although the requested idle timeout was {asked}."
    )


CHECK = Check("timeout-clamped", check)
