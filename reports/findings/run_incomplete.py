"""`run-incomplete`: the log does not hold the whole run."""

from __future__ import annotations

from loadtests.model.text.units import format_duration
from reports.findings.check import Check
from reports.findings.evidence import Evidence
from reports.findings.finding import Checked, Finding


def look(evidence: Evidence) -> Checked:
    """Cut off, events lost, or an error of the harness itself."""
    manifest, said = evidence.manifest, []
    if manifest.ended is None:
        said.append(f"the run was cut off after {format_duration(evidence.log_end)}, before its end")
    if manifest.lost_events:
        said.append(f"{manifest.lost_events} events could not be written")
    if manifest.defects:
        said.append(f"{manifest.defects} errors of the harness itself occurred")
    if not said:
        return None
    return Finding(
        "run-incomplete",
        "problem",
        "generator",
        "certain",
        f"The log does not hold the whole run: {'; '.join(said)}.",
        "Run again; look for the reason in the run's own messages, and for room on the disk.",
    )


CHECK = Check("run-incomplete", look)
