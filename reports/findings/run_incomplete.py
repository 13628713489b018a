"""`run-incomplete`: the log does not hold the whole run."""

from __future__ import annotations

from loadtests.model.text.units import format_duration
from loadtests.model.text.wording import count
from reports.findings.check import Check
from reports.findings.evidence import Evidence
from reports.findings.finding import Checked, Finding


def check(evidence: Evidence) -> Checked:
    """Reports a run that was cut off, lost events, or had an internal error."""
    manifest, reasons = evidence.manifest, []
    if manifest.ended is None:
        reasons.append(f"the run was cut off after {format_duration(evidence.log_end)}")
    if manifest.lost_events:
        reasons.append(f"{count(manifest.lost_events, 'event')} could not be written")
    if manifest.defects:
        reasons.append(f"{count(manifest.defects, 'internal error')} occurred")
    if not reasons:
        return None
    return Finding(
        "run-incomplete",
        "problem",
        "generator",
        "certain",
        f"The log is incomplete: {'; '.join(reasons)}.",
        "Read the run's log messages for the reason, check the free disk space, and run again.",
    )


CHECK = Check("run-incomplete", check)
