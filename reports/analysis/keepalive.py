"""Computes whether keep-alives were on time, their margins, and whether they covered the quiet periods."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from loadtests.model.api.operation import Operation
from reports.analysis.percentiles import Percentiles, percentiles
from reports.analysis.timings import CallTimings, Timing
from reports.log.log import EventLog
from reports.log.time_columns import column_seconds

# A quiet period is not covered if a gap between acknowledged activities within it reaches the idle timeout. The gap after the
# last activity has no end.
_QUIET = """
WITH periods AS (
    SELECT row_number() OVER () AS number, events.session AS session, events.profile AS profile, events.t / 1e9 AS low,
        least(events.t / 1e9 + events.value, sessions.ended, sessions.left_at) AS high, sessions.idle_timeout AS idle_timeout
    FROM events JOIN sessions USING (session) WHERE events.kind = 'quiet'
), idle AS (
    SELECT session, before, answered FROM gaps UNION ALL SELECT session, alive, 'inf'::DOUBLE FROM sessions
), bare AS (
    SELECT DISTINCT number FROM periods JOIN idle USING (session)
    WHERE before < high AND answered > low AND least(answered, high) - before >= idle_timeout - 1e-6
)
SELECT profile, count(*) AS periods, count(*) FILTER (number NOT IN (SELECT number FROM bare)) AS covered
FROM periods GROUP BY profile ORDER BY profile
"""

_OVER_TIME = """
SELECT floor(t / $width) * $width AS t, count(*)::INTEGER AS n, min(margin) AS low, avg(margin) AS mean, max(margin) AS high
FROM margins GROUP BY 1 ORDER BY 1
"""


@dataclass(frozen=True)
class KeepAlives:
    """Figures of the keep-alives."""

    count: int
    acknowledged: int
    lateness: Percentiles
    """Seconds from the due time to the first byte."""
    margin: Percentiles
    """Seconds, pessimistic: (send of the previous acknowledged activity + idle timeout) − answer."""
    coverage: pd.DataFrame
    """Columns profile, periods, covered: quiet periods in which no gap reached the idle timeout."""
    margins: pd.DataFrame
    """Columns profile, low, width, n: a histogram of the margins."""
    over_time: pd.DataFrame
    """Columns t, n, low, mean, high: the margins in each of the screen's columns, from second `t` on."""


def build_keep_alives(log: EventLog, timings: CallTimings, log_end: float) -> KeepAlives:
    """Computes the figures from the events, the timings of calls, and the tables `sessions`, `margins` and `gaps`."""
    kept = timings.by_profile[timings.by_profile["kind"] == Operation.KEEP_ALIVE]
    return KeepAlives(
        count=int(kept["n"].sum()),
        acknowledged=int(kept["ok"].sum()),
        lateness=timings.of_kind[Timing.LATENESS].get(Operation.KEEP_ALIVE, Percentiles()),
        margin=percentiles(log, "SELECT margin AS v FROM margins"),
        coverage=log.frame(_QUIET),
        margins=_histogram(log),
        over_time=log.frame(_OVER_TIME, width=column_seconds(log_end)),
    )


def _histogram(log: EventLog) -> pd.DataFrame:
    return log.frame("""
        WITH bounds AS (SELECT greatest((max(margin) - min(margin)) / 40, 0.001) AS width FROM margins)
        SELECT profile, floor(margin / width) * width AS low, width, count(*) AS n
        FROM margins CROSS JOIN bounds JOIN sessions USING (session)
        GROUP BY ALL ORDER BY profile, low
    """)
