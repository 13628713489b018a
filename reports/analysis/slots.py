"""Computes who held the slots: each instant of a session's life has exactly one holder."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from reports.log.log import EventLog
from reports.log.time_columns import COLUMNS_ON_SCREEN, column_seconds

HOLDERS = ("active", "quiet", "closing", "leaked", "others")

# Changes of holder in the order of time; the last segment of a session ends with the session.
_SEGMENTS = """
WITH bounded AS (
    SELECT session, opened, least(coalesce(ended, $log_end), $log_end) AS ended, left_at, way, own_stop, ghost FROM sessions
), turns AS (
    SELECT session, opened AS t, CASE WHEN ghost THEN 'leaked' ELSE 'active' END AS holder FROM bounded
    UNION ALL
    SELECT events.session, events.t / 1e9, CASE kind WHEN 'quiet' THEN 'quiet' ELSE 'active' END
    FROM events JOIN bounded USING (session)
    WHERE kind IN ('quiet', 'resume') AND events.t / 1e9 < coalesce(bounded.left_at, 'inf')
    UNION ALL
    SELECT session, left_at, CASE WHEN own_stop IS NULL THEN 'leaked' ELSE 'closing' END
    FROM bounded WHERE left_at IS NOT NULL AND NOT ghost
), spans AS (
    SELECT session, holder, t AS low, lead(t) OVER (PARTITION BY session ORDER BY t, holder) AS next FROM turns
)
SELECT spans.session, holder, low, least(coalesce(next, 'inf'), ended) AS high
FROM spans JOIN bounded USING (session)
WHERE low < least(coalesce(next, 'inf'), ended)
UNION ALL
SELECT 0, 'others', low, greatest(low, coalesce(high, $log_end)) FROM strangers
"""

_STRANGERS = """
SELECT detail AS id, min(t) FILTER (kind = 'stranger') / 1e9 AS low, min(t) FILTER (kind = 'stranger-gone') / 1e9 AS high
FROM events WHERE kind IN ('stranger', 'stranger-gone') AND detail NOT IN (SELECT id FROM sessions WHERE ghost)
GROUP BY detail HAVING low IS NOT NULL
"""

_CHANGES = "SELECT low AS t, holder, 1 AS change FROM segments UNION ALL SELECT high, holder, -1 FROM segments"

# Rows at the same moment all have the sum of their changes; the last one holds until the next moment.
_EDGES = f"""
SELECT t, holder, (sum(change) OVER moments)::INTEGER AS held, coalesce(lead(t) OVER moments, t) AS until
FROM ({_CHANGES}) WINDOW moments AS (PARTITION BY holder ORDER BY t)
"""

# The curve in as many columns as a screen has: the mean (its integral is exactly the slot-seconds) and the maximum.
_CURVE = """
WITH parts AS (
    SELECT *, unnest(range(floor(t / $width)::INTEGER, least(floor(until / $width)::INTEGER + 1, $columns))) AS i
    FROM edges WHERE until > t
), shares AS (
    SELECT i, holder, held, least(until, (i + 1) * $width) - greatest(t, i * $width) AS seconds FROM parts
)
SELECT i, i * $width AS t, holder, sum(held * seconds) / $width AS mean, max(held) AS most
FROM shares WHERE seconds > 0 GROUP BY i, holder ORDER BY i, holder
"""

_PEAK = f"SELECT max(held) AS most FROM (SELECT sum(change) OVER (ORDER BY t) AS held FROM ({_CHANGES}))"


@dataclass(frozen=True)
class Slots:
    """Holders of the slots over the run."""

    seconds: dict[str, float]
    """Slot-seconds by holder."""
    curve: pd.DataFrame
    """Columns t, holder, mean, most: sessions held, in columns of `width` seconds."""
    width: float
    peak: int
    """The most slots held at once."""


def build_slots(log: EventLog, log_end: float) -> Slots:
    """Computes the holders from the table `sessions`; creates the tables `segments` and `edges`."""
    log.create_table("strangers", _STRANGERS)
    log.create_table("segments", _SEGMENTS, log_end=log_end)
    log.create_table("edges", _EDGES)
    sums = log.frame("SELECT holder, sum(high - low) AS seconds FROM segments GROUP BY holder")
    width = column_seconds(log_end)
    curve = log.frame(_CURVE, width=width, columns=COLUMNS_ON_SCREEN)
    seconds = dict.fromkeys(HOLDERS, 0.0) | dict(zip(sums["holder"], map(float, sums["seconds"]), strict=True))
    return Slots(seconds, curve, width, _peak(log))


def keep_held(log: EventLog, moments: str) -> None:
    """Creates the table `held`: sessions by holder at each moment that the query `moments` returns as `t`."""
    log.create_table("held", _held(moments))


def _held(moments: str) -> str:
    return f"""
        WITH moments AS (SELECT DISTINCT t FROM ({moments})), holders AS (SELECT DISTINCT holder FROM edges)
        SELECT moments.t AS t, holders.holder AS holder, coalesce(edges.held, 0)::INTEGER AS held
        FROM moments CROSS JOIN holders
        ASOF LEFT JOIN edges ON edges.holder = holders.holder AND edges.t <= moments.t
    """


def _peak(log: EventLog) -> int:
    return int(log.row(_PEAK)["most"] or 0)
