"""Estimates by how much the API's list lags behind its calls.

From when the run's own sessions first appear in it; or, if the list shows more sessions than the limit, from how long it shows
them after their stop.
"""

from __future__ import annotations

import math
from typing import Any

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

# A list that shows a stopped session was requested while the list still had it: the list shows ended sessions for longer than the
# time in between, and for less than the time from the send of stop to the first list without it. If there was none, any time.
_ENDED = """
WITH polls AS (SELECT max(t) / 1e9 AS last FROM events WHERE kind = 'list' AND outcome = 'ok'),
stopped AS (
    SELECT greatest(coalesce(last_listed, stop_answered) - stop_answered, 0) AS low, last_vanished - stop_sent AS high,
        FALSE AS is_listed
    FROM facts WHERE stop_answered IS NOT NULL AND last_vanished > stop_sent AND NOT ghost
    UNION ALL
    SELECT greatest(last - stop_answered, 0), last, TRUE
    FROM facts, polls WHERE stop_answered IS NOT NULL AND (last_vanished IS NULL OR last_seen > last_vanished)
        AND listed IS NOT NULL AND NOT ghost
)
SELECT count(*) FILTER (low > 0) AS late, count(*) AS sessions, median(low) AS median_low,
    quantile_cont(low, 0.1) AS low, quantile_cont(high, 0.9) AS high, 0.99 * min(high) AS soonest,
    count(*) FILTER (is_listed) AS lasting
-- A few that are listed to the end are no part of the list's lag: their stops may have had no effect.
FROM stopped WHERE NOT is_listed OR (SELECT count(*) FILTER (is_listed) > 0.5 * count(*) FROM stopped)
"""
_CROWDED = "SELECT count(*) AS n FROM events WHERE kind = 'list' AND outcome = 'ok' AND value > $limit"
LEAST_CROWDED = 2
"""Lists with more sessions than the limit, which show that a listed session need not hold a slot."""

_TABLE = """
SELECT $low::DOUBLE AS low, $high::DOUBLE AS high, $late::BIGINT AS late, $sessions::BIGINT AS sessions,
    $crowded::BIGINT AS crowded, $lasting::BIGINT AS lasting
"""


def build_list_lag(log: EventLog) -> tuple[float, float]:
    """Returns by how many seconds ends that the list shows may be earlier, at the least and at the most; both 0 unless the list
    lags. Creates the table `list_lag`.

    `crowded` in it is 0 where sessions appear late; otherwise ended sessions are listed, and it is the number of lists with more
    sessions than the limit. Without these, a stopped session that is listed may still hold its slot, and nothing is corrected.
    `lasting`: stopped sessions that were listed to the end.
    Needs the table `facts`.
    """
    found, crowded = log.row(_BOUNDS), 0
    if not _lags(found) and (limit := log.manifest.limit) is not None:
        crowded = int(log.row(_CROWDED, limit=limit)["n"])
        found = log.row(_ENDED) if crowded >= LEAST_CROWDED else found
    low, high = (float(found["low"]), float(found["high"])) if _lags(found) else (0.0, 0.0)
    late, sessions = int(found["late"] or 0), int(found["sessions"] or 0)
    lasting = int(found.get("lasting") or 0)
    log.create_table(
        "list_lag", _TABLE, low=low, high=high, late=late, sessions=sessions, crowded=crowded, lasting=lasting
    )
    return (min(low, _soonest_end(log)), high) if low else (low, high)


def _soonest_end(log: EventLog) -> float:
    """Returns a little less than what the quickest stopped session took to leave the list, in seconds.

    A list that shows new sessions late may show ends at once.
    """
    stops = log.row(_ENDED)
    return float(stops["soonest"]) if stops["sessions"] >= LEAST_SESSIONS and stops["soonest"] is not None else math.inf


def _lags(found: dict[str, Any]) -> bool:
    enough = max(LEAST_SESSIONS, int(found["sessions"] or 0) / 2)
    return int(found["late"] or 0) >= enough and float(found["median_low"] or 0.0) >= LEAST_SECONDS


# A session that left the list and was listed again, or accepted a call, was open in between.
_OMITTED = """
WITH looks AS (
    SELECT session, kind, t, lead(t) OVER later AS next, lead(kind) OVER later AS next_kind
    FROM events WHERE kind IN ('seen', 'vanished') WINDOW later AS (PARTITION BY session ORDER BY t, kind)
)
SELECT greatest(
    coalesce((SELECT max(next - t) / 1e9 FROM looks WHERE kind = 'vanished' AND next_kind = 'seen'), 0),
    coalesce((SELECT max(alive - last_vanished) FROM facts WHERE alive > last_vanished), 0)
) AS seconds
"""


def longest_omission(log: EventLog) -> float:
    """Returns for how long, in seconds, the list may lack a session that is open; 0 if it never did.

    An end that the list shows may be later by so much: twice the longest time that was seen, which chance may exceed. Needs the
    table `facts`.
    """
    return 2 * float(log.row(_OMITTED)["seconds"])


# Those that have left the list since. Where stops have no effect, each session ends when it is due instead.
_AFTER_STOP = """
WITH stopped AS (
    SELECT greatest(coalesce(last_listed, stop_answered) - stop_answered, 0) AS low, last_vanished - stop_sent AS high,
        last_vanished >= alive + idle_timeout - $tolerance
            AND last_listed <= greatest(reached, alive) + idle_timeout + $tolerance AS was_due
    FROM facts WHERE stop_answered IS NOT NULL AND last_vanished > stop_sent AND NOT ghost
), usual AS (SELECT median((low + high) / 2) AS seconds FROM stopped),
compared AS (
    SELECT low, was_due, usual.seconds BETWEEN low - $tolerance AND high + $tolerance AS is_usual FROM stopped, usual
)
SELECT count(*) AS sessions, count(*) FILTER (is_usual) AS usual, count(*) FILTER (was_due) AS due,
    max(low) FILTER (is_usual) AS low
FROM compared
"""


def listed_after_stop(log: EventLog) -> float:
    """Returns for how long, in seconds, the list usually shows a session whose stop was acknowledged; 0: not at all.

    So long it may also show one that ended otherwise, whether or not it holds its slot. It is 0 too where the sessions do not
    agree on a time, or as many of them ended when they were due. Needs the table `facts`.
    """
    found = log.row(_AFTER_STOP, tolerance=log.manifest.tolerance)
    enough = max(LEAST_SESSIONS, int(found["sessions"]) / 2, int(found["due"]) + 1)
    return float(found["low"]) if int(found["usual"]) >= enough else 0.0
