"""`generator-late`: our own loop was not on time."""

from __future__ import annotations

from loadtests.model.text.units import format_duration
from reports.analysis.generator import WORST_P99_SECONDS
from reports.findings.check import Check
from reports.findings.evidence import Evidence
from reports.findings.finding import Checked, Finding, Unknown


def check(evidence: Evidence) -> Checked:
    """Checks the 99th percentile of the loop delay, and the longest stall."""
    generator = evidence.generator
    if not generator.requests:
        return Unknown("no request was sent")
    p99, stall = generator.loop_delay.p99 or 0.0, generator.longest_stall
    if p99 <= WORST_P99_SECONDS and stall <= evidence.tolerance:
        return None
    return Finding(
        "generator-late",
        "problem",
        "generator",
        "certain",
        f"The load generator was late: its own delay was {format_duration(p99)} or more for one request in a"
        f" hundred, and it stalled"
        f" for up to {format_duration(stall)}.",
        "Do not trust the times of this run. Repeat it with less load per process, or on a quieter machine.",
        chart="delays",
    )


CHECK = Check("generator-late", check)
