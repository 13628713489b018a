"""`uncovered-quiet-periods`: a quiet period with a gap as long as the idle timeout."""

from __future__ import annotations

from loadtests.model.text.wording import of_total
from reports.findings.check import Check
from reports.findings.evidence import Evidence
from reports.findings.finding import Checked, Finding


def check(evidence: Evidence) -> Checked:
    """Reports, by profile, quiet periods with a gap as long as the idle timeout."""
    coverage = evidence.keep_alives.coverage
    bare = coverage[coverage["covered"] < coverage["periods"]]
    if bare.empty:
        return None
    by_profile = ", ".join(
        f"{of_total(int(periods - covered), int(periods), 'quiet period')} (profile {profile})"
        for profile, periods, covered in zip(bare["profile"], bare["periods"], bare["covered"], strict=True)
    )
    return Finding(
        "uncovered-quiet-periods",
        "warning",
        "modelled client",
        "certain",
        f"{by_profile} outlasted the idle timeout without activity or keep-alive.",
        "Call {keep_alive} before {idle_timeout} expires. Use a longer {idle_timeout} where pauses are long (up to {longest}).",
        chart="margins",
    )


CHECK = Check("uncovered-quiet-periods", check)
