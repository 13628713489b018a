"""`uncovered-quiet-periods`: a quiet period with a gap as long as the idle timeout."""

from __future__ import annotations

from reports.findings.check import Check
from reports.findings.evidence import Evidence
from reports.findings.finding import Checked, Finding


def look(evidence: Evidence) -> Checked:
    """By profile, out of the coverage of quiet periods."""
    coverage = evidence.keep_alives.coverage
    bare = coverage[coverage["covered"] < coverage["periods"]]
    if bare.empty:
        return None
    by_profile = ", ".join(
        f"{profile} {periods - covered} of {periods}"
        for profile, periods, covered in zip(bare["profile"], bare["periods"], bare["covered"], strict=True)
    )
    return Finding(
        "uncovered-quiet-periods",
        "warning",
        "modelled client",
        "certain",
        f"Quiet periods with a gap as long as the idle timeout: {by_profile}.",
        "Call streaming.keep_alive before activity_idle_timeout expires, or ask for a longer timeout (for long pauses 300 to"
        " 1800 s, up to 3599 s).",
        chart="margins",
    )


CHECK = Check("uncovered-quiet-periods", look)
