"""Estimates by how much the API's clock is ahead of the load generator's: created_at of the run's own sessions, against their
opening.
"""

from __future__ import annotations

from reports.log.log import EventLog

LEAST_SESSIONS = 3
"""Own sessions with created_at; with fewer, the clocks are taken to agree."""

# A session was created between the send of `new` and its answer. Whole seconds are rounded down: on average by half a second.
_OFFSET = """
WITH opened AS (
    SELECT session, min(t) / 1e9 AS sent, min(t + latency) / 1e9 AS answered
    FROM events WHERE kind = 'new' AND outcome = 'ok' GROUP BY session
), created AS (
    SELECT session, min(TRY_CAST(detail AS DOUBLE)) - $started AS created FROM events
    WHERE kind = 'seen' AND detail IS NOT NULL GROUP BY session
), known AS (SELECT created, (sent + answered) / 2 AS opened FROM created JOIN opened USING (session) WHERE created IS NOT NULL)
SELECT count(*) AS n,
    median(created - opened + CASE WHEN created + $started = floor(created + $started) THEN 0.5 ELSE 0 END) AS ahead
FROM known
"""


def clock_offset(log: EventLog) -> float:
    """Returns by how many seconds the API's clock is ahead; 0 where it cannot be estimated. Needs no table."""
    found = log.row(_OFFSET, started=log.manifest.started_unix)
    return float(found["ahead"]) if int(found["n"]) >= LEAST_SESSIONS and found["ahead"] is not None else 0.0
