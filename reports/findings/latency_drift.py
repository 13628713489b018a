"""`latency-drift`: answers that take longer the longer the run lasts."""

from __future__ import annotations

from loadtests.model.text.units import format_duration
from loadtests.model.text.wording import between, change, percent
from reports.analysis.drift import LOAD_RISE, Drift, build_drifts
from reports.findings.check import Check
from reports.findings.evidence import Evidence
from reports.findings.finding import Checked, Finding, Unknown

RISE = 0.2
"""Of the usual latency: by so much it must have risen, by slope and from first to last."""
RISE_SECONDS = 0.02
"""And by so much, in seconds of the most frequent call: less is nobody's concern."""


def check(evidence: Evidence) -> Checked:
    """Requires a Theil–Sen slope whose interval lies above 0 *and* a rise from the first to the last quarter after warm-up.

    Of all calls together, or of one kind.
    """
    drifts = list(build_drifts(evidence.log, evidence.manifest.load_ended or evidence.log_end))
    if not drifts:
        return Unknown("too few answers, or too short a run, to measure a drift")
    drift = next(filter(_is_drift, drifts), None)
    if drift is None:
        return None
    answers = f"Answers to {drift.kind}" if len(drift.kinds) == 1 else "Answers"
    text = (
        f"{answers} took {percent(drift.rise)} longer at the end than at the beginning ({format_duration(drift.seconds)} for the"
        f" median {drift.kind}). The Theil–Sen slope is {_hourly(drift.slope)} per hour"
        f" ({percent(drift.confidence)} interval {between(drift.slope_low, drift.slope_high, _hourly)}), without a warm-up of"
        f" {format_duration(drift.warm_up)}."
    )
    if drift.load_rise > LOAD_RISE:
        text += f" The load rose to {drift.load_rise:.1f} times as much, which may be the reason."
    return Finding(
        "latency-drift",
        "problem",
        "API",
        "unknown" if drift.load_rise > LOAD_RISE else "likely",
        text,
        "Run longer at a constant load. If latency still grows, report it to the API's support with this chart.",
        interval=(drift.warm_up, drift.end),
        chart="latency",
    )


def _hourly(slope: float) -> str:
    return change(3600 * slope)


def _is_drift(drift: Drift) -> bool:
    over_run = drift.slope * (drift.end - drift.warm_up)
    return drift.slope_low > 0 and min(over_run, drift.rise) >= RISE and drift.seconds >= RISE_SECONDS


CHECK = Check("latency-drift", check)
