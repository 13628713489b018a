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

# A slot whose stop is on its way may be free already, and taken by the next session: it counts only where a later list showed
# the session.
_COUNTED = """
SELECT low, high FROM segments LEFT JOIN (SELECT session, seen_until > stop_answered AS lags FROM sessions) USING (session)
WHERE holder <> 'closing' OR lags
"""
_TOTALS = f"""
WITH counted AS ({_COUNTED}), changes AS (
    SELECT low AS t, 1 AS change FROM counted UNION ALL SELECT high, -1 FROM counted
    UNION ALL SELECT 0.0, 0 UNION ALL SELECT $log_end, 0
), sums AS (SELECT t, sum(sum(change)) OVER (ORDER BY t) AS held FROM changes GROUP BY t)
SELECT t, held::INTEGER AS held, coalesce(lead(t) OVER (ORDER BY t), t) AS until FROM sums
"""

# Rows at the same moment all have the sum of their changes; the last one holds until the next moment.
_EDGES = f"""
SELECT t, holder, (sum(change) OVER moments)::INTEGER AS held, coalesce(lead(t) OVER moments, t) AS until
FROM ({_CHANGES}) WINDOW moments AS (PARTITION BY holder ORDER BY t)
"""

# The least and the most slots held in each column, and a moment of the most.
_RANGE = """
WITH parts AS (
    SELECT *, unnest(range(
        least(floor(t / $width), $columns - 1)::INTEGER, least(floor(until / $width)::INTEGER + 1, $columns)
    )) AS i
    FROM totals WHERE until > t
)
SELECT i, min(held) AS least, max(held) AS most, arg_max(greatest(t, i * $width), held) AS t
FROM parts WHERE until > i * $width OR t >= i * $width GROUP BY i ORDER BY i
"""


@dataclass(frozen=True)
class Slots:
    """Holders of the slots over the run."""

    seconds: dict[str, float]
    """Slot-seconds by holder."""
    width: float
    """Of a chart's columns, in seconds."""
    totals: pd.DataFrame
    """By column i: `least` and `most` slots held at once by all holders, and by each holder at the moment of the most."""

    @property
    def peak(self) -> int:
        """The most slots held at once."""
        return int(self.totals["most"].max()) if len(self.totals) else 0


def build_slots(log: EventLog, log_end: float) -> Slots:
    """Computes the holders from the table `sessions`; creates the tables `segments` and `edges`."""
    log.create_table("strangers", _STRANGERS)
    log.create_table("segments", _SEGMENTS, log_end=log_end)
    log.create_table("edges", _EDGES)
    sums = log.frame("SELECT holder, sum(high - low) AS seconds FROM segments GROUP BY holder")
    width = column_seconds(log_end)
    seconds = dict.fromkeys(HOLDERS, 0.0) | dict(zip(sums["holder"], map(float, sums["seconds"]), strict=True))
    return Slots(seconds, width, _totals(log, log_end, width))


def _totals(log: EventLog, log_end: float, width: float) -> pd.DataFrame:
    """Returns the columns least, most and one for each holder, by i; the holders add up to `most`."""
    log.create_table("totals", _TOTALS, log_end=log_end)
    log.create_table("tops", _RANGE, width=width, columns=COLUMNS_ON_SCREEN)
    found = log.frame("SELECT i, least, most FROM tops ORDER BY i").set_index("i")
    held = log.frame(
        f"SELECT i, holder, held.held AS held FROM tops JOIN ({_held('SELECT t FROM tops')}) AS held USING (t)"
    )
    for name in ("totals", "tops"):
        log.drop_table(name)
    by_holder = held.pivot(index="i", columns="holder", values="held").reindex(index=found.index, columns=list(HOLDERS))
    table = found.join(by_holder).fillna(0).astype(int)
    # What closes and may be free already does not count.
    table["closing"] = table["most"] - table.drop(columns=["least", "most", "closing"]).sum(axis=1)
    return table


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
