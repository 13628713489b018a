"""`generator-late`: our own loop was not on time."""

from __future__ import annotations

from loadtests.model.units import say_duration
from reports.finding import Checked, Finding, Unknown
from reports.generator import WORST_P99_SECONDS

from .check import Check
from .evidence import Evidence


def look(evidence: Evidence) -> Checked:
    """By the 99th percentile of loop delay, and by the longest stall."""
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
        f"One request in a hundred was {say_duration(p99)} late or more by the generator's own doing; its loop stood still for"
        f" up to {say_duration(stall)}.",
        "Do not trust this run's times: run again with less load for each process, or on a quieter machine.",
        chart="delays",
    )


CHECK = Check("generator-late", look)
