"""`late-reap`: sessions that the API closed for idleness, but late."""

from __future__ import annotations

import math

from loadtests.model.text.units import format_duration
from loadtests.model.text.wording import count, verb, were
from reports.findings.check import Check
from reports.findings.evidence import Evidence
from reports.findings.finding import Checked, Finding, Unknown
from reports.findings.shown import IS_LOST, shown

# For idleness: not by a cap, nor by a stop whose answer was lost.
_LATE = f"""
is_late AND ended_by IS NULL AND end_high IS NOT NULL AND NOT coalesce(unsure_stop < end_high, FALSE) AND NOT {IS_LOST}
AND NOT may_be_capped
AND NOT (end_low - opened <= $cap_high + $tolerance AND end_high - opening >= $cap_low - $tolerance)
"""
_LISTED_AFTER_STOP = """
SELECT count(*) AS stopped, count(*) FILTER (seen_until > stop_answered) AS lagging,
    max(seen_until - stop_answered) FILTER (seen_until > stop_answered) AS seconds
FROM sessions WHERE stop_answered IS NOT NULL AND vanished IS NOT NULL AND NOT stop_ignored
"""
_BY = {"by": "median(greatest(end_low - due_high, 0) + end_high - due_low) / 2"}
# Without the list: activity that was acknowledged long after the call before it. Any call may have counted as activity there.
_ANSWERED_LATE = """
WITH calls AS (
    SELECT session, kind, outcome, t / 1e9 AS sent, max(t + latency) OVER before / 1e9 AS last_answered
    FROM events WHERE kind IN $calls AND outcome <> 'withheld'
    WINDOW before AS (PARTITION BY session ORDER BY t ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
)
SELECT session, min(last_answered + idle_timeout) AS due, max(sent) AS sent,
    max(sent - last_answered - idle_timeout) AS late_by
FROM calls JOIN sessions USING (session)
WHERE kind IN $activity AND outcome = 'ok' AND sent > last_answered + idle_timeout + $tolerance
    AND NOT ghost AND NOT shares_id AND NOT client_lost
GROUP BY session
"""
_NO_CAP = {"cap_low": math.inf, "cap_high": -math.inf}


def check(evidence: Evidence) -> Checked:
    """Ends whose whole interval lies after due + tolerance."""
    if not evidence.listed:
        return _check_answers(evidence)
    causes = evidence.causes
    cap = causes.of("hidden-duration-cap") or causes.rivalled("hidden-duration-cap")
    bounds = {"cap_low": cap.low, "cap_high": cap.high} if cap else _NO_CAP
    late = shown(evidence.log, _LATE, "due_high", "end_high", _BY, tolerance=evidence.tolerance, **bounds)
    if late is None:
        return None
    stops = evidence.log.row(_LISTED_AFTER_STOP)
    if (
        late.figures["by"] <= float(stops["seconds"] or 0.0) + evidence.tolerance
        and 2 * stops["lagging"] >= stops["stopped"]
    ):
        return Unknown(
            f"the list also showed stopped sessions for {format_duration(float(stops['seconds']))}, so sessions that were listed"
            " after they were due may have ended in time"
        )
    return Finding(
        "late-reap",
        "problem",
        "API",
        evidence.from_list("certain"),
        f"{were(late.n, 'session')} closed for idleness, but about {format_duration(late.figures['by'])} after"
        f" {verb(late.n, 'it was', 'they were')} due.",
        "Close sessions by {stop} instead of waiting for the timeout. Tell the API's support, who can inspect and"
        " close such sessions by hand.",
        late.sessions,
        late.interval,
        "leaks",
    )


def _check_answers(evidence: Evidence) -> Checked:
    """Without a list: sessions of which an activity was acknowledged after they were due."""
    api = evidence.manifest.description
    calls = {operation.value for operation in api.calls}
    activity = {operation.value for operation in api.activity}
    log = evidence.log
    log.create_table(
        "answered_late", _ANSWERED_LATE, calls=sorted(calls), activity=sorted(activity), tolerance=evidence.tolerance
    )
    by = {"by": "(SELECT max(late_by) FROM answered_late)"}
    late = shown(
        log,
        "session IN (SELECT session FROM answered_late)",
        "(SELECT min(due) FROM answered_late)",
        "(SELECT max(sent) FROM answered_late)",
        by,
    )
    if late is None:
        return Unknown("without the list nobody sees when a session ends")
    return Finding(
        "late-reap",
        "problem",
        "API",
        # An API may acknowledge a call on a closed session.
        "likely",
        f"The API still acknowledged calls of {count(late.n, 'session')} up to {format_duration(late.figures['by'])} after"
        f" {verb(late.n, 'it was', 'they were')} due for idleness.",
        "Close sessions by {stop} instead of waiting for the timeout. Tell the API's support, who can inspect and"
        " close such sessions by hand.",
        late.sessions,
        late.interval,
        "leaks",
    )


CHECK = Check("late-reap", check)
