"""`slot-release-lag`: a slot that is not free when stop has answered."""

from __future__ import annotations

from loadtests.model.text.units import format_duration
from loadtests.model.text.wording import count, of_total, verb, were
from reports.findings.check import Check
from reports.findings.evidence import Evidence
from reports.findings.finding import Checked, Finding, Severity, Unknown
from reports.findings.refusal_causes import LEAST_REFUSALS, Cause
from reports.findings.shown import shown

_NAME = "slot-release-lag"
# Where stops have no effect, a session that ends when idleness is due was not ended by its stop either.
_LAGGING = """
seen_until > stop_answered AND vanished IS NOT NULL AND NOT stop_ignored AND NOT shares_id
AND NOT (vanished > due_low - $tolerance AND seen_until < due_high + $tolerance
    AND (SELECT bool_or(stop_ignored) FROM sessions))
"""
_LAGS = {"middle": "median(seen_until - stop_answered)", "most": "max(seen_until - stop_answered)"}
_REFUSED_BECAUSE = f"""
WITH lagging AS (SELECT stop_answered AS low, vanished AS high FROM sessions WHERE {_LAGGING})
SELECT count(*) AS n FROM refusals
WHERE at_most - (SELECT count(*) FROM lagging WHERE low < refusals.sent AND high > refusals.sent) < $limit
"""
_HELD = "{refused} refused only because of them."
_NOT_KNOWN = "Whether they still held their slots is not known: no request was refused because of them."
_ADVICE = (
    "After a stop, wait before using the slot again, and retry a refused new with a back-off. Include the lag when choosing"
    " the limit."
)


def check(evidence: Evidence) -> Checked:
    """Reports sessions still listed after stop's answer; if the list shows none, refusals shortly after stops."""
    lagging = shown(evidence.log, _LAGGING, "stop_answered", "vanished", _LAGS, tolerance=evidence.tolerance)
    if lagging is None:
        return _by_refusals(evidence)
    middle, most = lagging.figures["middle"], lagging.figures["most"]
    stopped = int(evidence.log.row("SELECT count(stop_answered) AS n FROM sessions")["n"])
    held = _refused_because(evidence)
    # Without a refusal because of them it may be the list alone that is late.
    matters = bool(held) and (most > evidence.tolerance or lagging.n > 0.5 * stopped)
    severity: Severity = "problem" if matters else "warning"
    return Finding(
        _NAME,
        severity,
        "API",
        evidence.from_list("certain" if held >= LEAST_REFUSALS else "likely"),
        f"{of_total(lagging.n, stopped, 'stopped session')} {verb(lagging.n, 'was', 'were')} still listed after stop had been"
        f" acknowledged, for {format_duration(middle)} (median) to {format_duration(most)} (maximum)."
        f" {_HELD.format(refused=were(held, 'request')) if held else _NOT_KNOWN}",
        _ADVICE,
        lagging.sessions,
        lagging.interval,
        "sessions",
    )


def _refused_because(evidence: Evidence) -> int:
    """Returns how many requests were refused although, without the stopped sessions, fewer than the limit were open."""
    if evidence.manifest.limit is None or not evidence.occupancy.hits:
        return 0
    found = evidence.log.row(_REFUSED_BECAUSE, limit=evidence.manifest.limit, tolerance=evidence.tolerance)
    return int(found["n"])


def _by_refusals(evidence: Evidence) -> Checked:
    if evidence.manifest.limit is None or not evidence.hits.count:
        return None
    if not evidence.listed:
        return Unknown("the API's list, which shows who else holds slots, was not available")
    causes = evidence.refusal_causes
    named = causes.named
    if named is None or causes.n < LEAST_REFUSALS or named.cause not in (Cause.LAG_AFTER_STOPS, Cause.LAG_AFTER_ENDS):
        return None
    end = "an acknowledged stop" if named.cause is Cause.LAG_AFTER_STOPS else "the end of a session"
    return Finding(
        _NAME,
        "problem",
        "API",
        "likely",
        f"{were(causes.n, 'new request')} refused although fewer than {count(evidence.manifest.limit, 'session')} can have been"
        " open."
        f" A slot that is freed up to {format_duration(named.value)} after {end} would explain {named.explained} of them.",
        _ADVICE,
        interval=causes.interval,
        chart="hits",
    )


CHECK = Check(_NAME, check)
