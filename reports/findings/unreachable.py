"""`unreachable`: no connection to the API could be opened."""

from __future__ import annotations

from typing import Any

from loadtests.model.api.answer import Reason
from loadtests.model.text.wording import count, during
from reports.findings.check import Check
from reports.findings.evidence import MOST_SESSIONS, Evidence
from reports.findings.finding import Checked, Finding

GAP_SECONDS = 5.0
"""Failures that are further apart belong to different periods."""
_MOST_PERIODS = 3

_PERIODS = f"""
WITH failed AS (
    SELECT t / 1e9 AS t, session, detail, coalesce((t - lag(t) OVER (ORDER BY t)) / 1e9 > {GAP_SECONDS}, TRUE) AS is_apart
    FROM events WHERE outcome <> 'ok' AND reason = '{Reason.CONNECT}'
), numbered AS (
    SELECT *, sum(CASE WHEN is_apart THEN 1 ELSE 0 END) OVER (ORDER BY t) AS number FROM failed
)
SELECT min(t) AS low, max(t) AS high, count(*) AS calls, count(DISTINCT session) FILTER (session > 0) AS sessions,
    mode(detail) AS error, min(session, {MOST_SESSIONS}) FILTER (session > 0) AS first_sessions
FROM numbered GROUP BY number ORDER BY low
"""


def check(evidence: Evidence) -> Checked:
    """Reports from when to when the API could not be reached, with the calls and sessions concerned."""
    periods = evidence.log.records(_PERIODS)
    if not periods:
        return None
    described = [_describe(row) for row in periods[:_MOST_PERIODS]]
    more = f", and in {count(len(periods) - _MOST_PERIODS, 'more period')}" if len(periods) > _MOST_PERIODS else ""
    sessions = [int(number) for row in periods for number in row["first_sessions"] or ()]
    return Finding(
        "unreachable",
        "problem",
        "API",
        "certain",
        f"The API could not be reached {', '.join(described)}{more}.",
        "Check the address, the network and the API's status page for these times. Sessions that were open then could neither be"
        " kept alive nor closed.",
        tuple(sessions[:MOST_SESSIONS]),
        (float(periods[0]["low"]), float(periods[-1]["high"])),
        "latency",
    )


def _describe(period: dict[str, Any]) -> str:
    error = f", {period['error']}" if period["error"] else ""
    return (
        f"{during(period['low'], period['high'])} ({count(period['calls'], 'call')} of"
        f" {count(period['sessions'], 'session')}{error})"
    )


CHECK = Check("unreachable", check)
