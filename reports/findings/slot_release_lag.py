"""`slot-release-lag`: a slot that is not free when stop has answered."""

from __future__ import annotations

from loadtests.model.text.units import format_duration
from loadtests.model.text.wording import of_total, verb, were
from reports.analysis.sessions import LAG_SECONDS
from reports.findings.check import Check
from reports.findings.evidence import Evidence
from reports.findings.finding import Checked, Finding, Severity, Unknown
from reports.findings.shown import shown

LEAST_HITS = 2
"""Refusals that a lag alone explains; one may have had another reason."""
_NAME = "slot-release-lag"
_LAGGING = "seen_until > stop_answered AND vanished IS NOT NULL AND NOT stop_ignored"
_LAGS = {"middle": "median(seen_until - stop_answered)", "most": "max(seen_until - stop_answered)"}
_ADVICE = (
    "After a stop, wait before using the slot again, and retry a refused new with a back-off. Include the lag when choosing"
    " the limit."
)


def check(evidence: Evidence) -> Checked:
    """Reports sessions still listed after stop's answer; if the list shows none, refusals shortly after stops."""
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
        evidence.from_list("certain"),
        f"{of_total(lagging.n, stopped, 'stopped session')} {verb(lagging.n, 'was', 'were')} still listed after stop had been"
        f" acknowledged, for {format_duration(middle)} (median) to {format_duration(most)} (maximum).",
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
        return Unknown("the API's list, which shows who else holds slots, was not available")
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
        f"{were(explained, 'new request')} refused although fewer than {limit} sessions can have been"
        f" open, each within {format_duration(LAG_SECONDS)} of an acknowledged stop.",
        _ADVICE,
        interval=(float(too_few["low"] or 0.0), float((too_few["most"] and too_few["high"]) or 0.0)),
        chart="hits",
    )


CHECK = Check(_NAME, check)
