"""`latency-drift`: answers that take longer the longer the run lasts."""

from __future__ import annotations

from reports.analysis.drift import LOAD_RISE, Drift, build_drift
from reports.findings.check import Check
from reports.findings.evidence import Evidence
from reports.findings.finding import Checked, Finding, Unknown

RISE = 0.2
"""Of the usual latency: by so much it must have risen, by slope and from first to last."""
RISE_SECONDS = 0.02
"""And by so much, in seconds of the most frequent call: less is nobody's concern."""


def look(evidence: Evidence) -> Checked:
    """Slope by Theil and Sen, sure to be above 0, *and* the medians of the first and last quarter after warm-up."""
    drift = build_drift(evidence.log, evidence.manifest.load_ended or evidence.log_end)
    if drift is None:
        return Unknown("too few answers, or too short a run, to tell a drift")
    if not _is_drift(drift):
        return None
    said = (
        f"Answers took {drift.rise:.0%} longer at the end than at the beginning ({drift.seconds * 1000:.0f} ms at the median"
        f" {drift.kind}); slope by Theil and Sen {drift.slope * 3600:+.0%} an hour"
        f" (95 %: {drift.slope_low * 3600:+.0%} to {drift.slope_high * 3600:+.0%}),"
        f" warm-up of {drift.warm_up:.0f} s left out."
    )
    if drift.load_rise > LOAD_RISE:
        said += f" The load rose to {drift.load_rise:.1f} times as much as well: the two cannot be told apart."
    return Finding(
        "latency-drift",
        "problem",
        "API",
        "unknown" if drift.load_rise > LOAD_RISE else "likely",
        said,
        "Run at a constant load for longer: what grows with the hours or with the number of sessions that ever were is"
        " reported to the API's support with this curve.",
        interval=(drift.warm_up, drift.end),
        chart="latency",
    )


def _is_drift(drift: Drift) -> bool:
    over_run = drift.slope * (drift.end - drift.warm_up)
    return drift.slope_low > 0 and min(over_run, drift.rise) >= RISE and drift.seconds >= RISE_SECONDS


CHECK = Check("latency-drift", look)
