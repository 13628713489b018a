"""Estimates by how much the API's list lags behind its calls, from when the run's own sessions first appear in it."""

from __future__ import annotations

from reports.log.log import EventLog

LEAST_SESSIONS = 5
"""Sessions that must be listed late before the list is taken to lag."""
LEAST_SECONDS = 0.5
"""A shorter median lag is not corrected for: it is within the interval between two polls."""

# A list that lacks a session was requested while the session was open: it lags by more than the time in between. It lags by less
# than the time from the send of `new` to the request of the first list that shows the session.
_BOUNDS = """
WITH polls AS (SELECT t / 1e9 AS sent FROM events WHERE kind = 'list' AND outcome = 'ok'),
appeared AS (SELECT session, opening, opened, listed_by FROM facts WHERE listed_by IS NOT NULL AND NOT ghost),
bounds AS (
    SELECT session, greatest(coalesce(max(polls.sent), opened) - opened, 0) AS low, listed_by - opening AS high
    FROM appeared LEFT JOIN polls ON polls.sent < listed_by - 1e-6 AND polls.sent >= opened
    GROUP BY session, opening, opened, listed_by
)
SELECT count(*) FILTER (low > 0) AS late, count(*) AS sessions, median(low) AS median_low,
    quantile_cont(low, 0.1) AS low, quantile_cont(high, 0.9) AS high
FROM bounds
"""
_TABLE = "SELECT $low::DOUBLE AS low, $high::DOUBLE AS high, $late::BIGINT AS late, $sessions::BIGINT AS sessions"


def build_list_lag(log: EventLog) -> tuple[float, float]:
    """Returns the least and the most lag in seconds, both 0 unless the list lags; creates the table `list_lag`.

    Needs the table `facts`.
    """
    found = log.row(_BOUNDS)
    lags = int(found["late"] or 0) >= max(LEAST_SESSIONS, int(found["sessions"] or 0) / 2) and (
        float(found["median_low"] or 0.0) >= LEAST_SECONDS
    )
    low, high = (float(found["low"]), float(found["high"])) if lags else (0.0, 0.0)
    log.create_table(
        "list_lag", _TABLE, low=low, high=high, late=int(found["late"] or 0), sessions=int(found["sessions"] or 0)
    )
    return low, high
