"""`slot-release-lag`: a slot that is not free when stop has answered."""

from __future__ import annotations

from loadtests.model.text.units import format_duration
from reports.findings.check import Check
from reports.findings.evidence import Evidence
from reports.findings.finding import Checked, Finding, Severity, Unknown
from reports.findings.occupancy import LAG_SECONDS
from reports.findings.shown import shown

LEAST_HITS = 2
"""Refusals that a lag alone explains; one may have had another reason."""
_NAME = "slot-release-lag"
_LAGGING = "seen_until > stop_answered AND vanished IS NOT NULL"
_LAGS = {"middle": "median(seen_until - stop_answered)", "most": "max(seen_until - stop_answered)"}
_ADVICE = (
    "After a stop, wait before the slot is used again, and retry a refused new with a back-off; reckon with the lag when the"
    " limit is chosen."
)


def look(evidence: Evidence) -> Checked:
    """Seen in the list after stop's answer; or, where the list does not show it, by refusals just after stops."""
    lagging = shown(evidence.log, _LAGGING, "stop_answered", "vanished", _LAGS)
    if lagging is None:
        return _by_refusals(evidence)
    middle, most = lagging.figures["middle"], lagging.figures["most"]
    stopped = int(evidence.log.row("SELECT count(stop_answered) AS n FROM sessions")["n"])
    severity: Severity = "problem" if most > evidence.tolerance or lagging.n > 0.5 * stopped else "warning"
    return Finding(
        _NAME,
        severity,
        "API",
        "certain",
        f"{lagging.n} of {stopped} sessions were still listed after stop had been acknowledged, for"
        f" {format_duration(middle)} or more in the middle, {format_duration(most)} at the most.",
        _ADVICE,
        lagging.sessions,
        lagging.interval,
        "sessions",
    )


def _by_refusals(evidence: Evidence) -> Checked:
    limit, occupancy = evidence.manifest.limit, evidence.occupancy
    if limit is None or not occupancy.hits:
        return None
    if not evidence.listed:
        return Unknown("without the list nobody sees who else holds slots")
    too_few = occupancy.fewer(limit, "at_most")
    even_with_lag = occupancy.fewer(limit, "with_lag")
    explained = int(too_few["n"] or 0) - int(even_with_lag["n"] or 0)
    if explained < LEAST_HITS or occupancy.peak < limit:
        return None
    return Finding(
        _NAME,
        "problem",
        "API",
        "likely",
        f"{explained} new requests were refused although fewer than {limit} sessions can have been open, each within"
        f" {LAG_SECONDS:g} s of a stop that had been acknowledged.",
        _ADVICE,
        interval=(float(too_few["low"] or 0.0), float((too_few["most"] and too_few["high"]) or 0.0)),
        chart="hits",
    )


CHECK = Check(_NAME, look)
