"""Cuts a run's log into cells of time, and counts in SQL what the figures are computed from in each cell."""

from __future__ import annotations

import pandas as pd

from loadtests.model.maths.histogram import LOG_RATIO
from reports.compare.bootstrap import CELLS
from reports.compare.figures import FINEST
from reports.log.log import EventLog

LEAST_SECONDS = 30.0
"""Seconds of load that both runs must have: with less, a block would hold hardly a call."""


_SAMPLES = f"""
WITH calls AS (
    SELECT kind, t / 1e9 AS t, latency / 1e9 AS latency, greatest(intended, 0) / 1e9 AS intended, waited / 1e9 AS waited
    FROM events WHERE outcome IN ('ok', 'fail', 'unknown') AND kind <> 'list'
), samples AS (
    SELECT 'latency.' || kind AS family, t, latency AS v FROM calls
    UNION ALL SELECT 'generator.loop_delay', t, greatest(t - intended - waited, 0) FROM calls
    UNION ALL SELECT 'keep_alive.lateness', t, greatest(t - intended, 0) FROM calls WHERE kind = 'keep_alive'
    UNION ALL SELECT 'keep_alive.margin', t, margin FROM margins
)
SELECT family, least(floor(t / $width), {CELLS - 1})::INTEGER AS cell,
    floor(sign(v) * ln(1 + abs(v) / {FINEST}) / {LOG_RATIO})::INTEGER AS bucket, count(*)::INTEGER AS n
FROM samples WHERE t >= 0 AND t < $end GROUP BY ALL
"""

# Sums by cell, each with the sum that it is a share of.
_SUMS = f"""
WITH cells AS (SELECT i AS cell, i * $width AS low, (i + 1) * $width AS high FROM range({CELLS}) r(i)),
calls AS (
    SELECT floor(t / 1e9 / $width) AS cell, count(*) AS n, count(*) FILTER (outcome <> 'ok') AS not_ok
    FROM events WHERE outcome IN ('ok', 'fail', 'unknown') AND kind <> 'list' GROUP BY 1
), tries AS (
    SELECT floor(t / $width) AS cell, count(*) FILTER (is_hit) AS hits, count(*) FILTER (number = 1) AS first,
        count(*) FILTER (number = 1 AND is_hit) AS first_hits
    FROM attempts GROUP BY 1
), lost AS (
    SELECT floor(t / $width) AS cell, count(*) AS n FROM persons_lost GROUP BY 1
), opened AS (
    SELECT floor(opened / $width) AS cell, count(*) AS n, count(*) FILTER (fate = 'expired') AS expired,
        count(*) FILTER (fate = 'dropped') AS dropped, count(*) FILTER (fate = 'lingering') AS lingering,
        count(*) FILTER (fate = 'leaked-late') AS late, count(*) FILTER (leak) AS leaked
    FROM sessions GROUP BY 1
), held AS (
    SELECT cells.cell AS cell, sum(least(segments.high, cells.high) - greatest(segments.low, cells.low)) AS seconds,
        sum(least(segments.high, cells.high) - greatest(segments.low, cells.low)) FILTER (holder = 'leaked') AS leaked
    FROM cells JOIN segments ON segments.low < cells.high AND segments.high > cells.low GROUP BY 1
), known AS (
    SELECT cells.cell AS cell, $width AS seconds,
        coalesce(calls.n, 0) AS calls, coalesce(calls.not_ok, 0) - coalesce(hits, 0) AS failed,
        coalesce(hits, 0) AS hits, coalesce(first, 0) AS first, coalesce(first_hits, 0) AS first_hits,
        coalesce(lost.n, 0) AS lost,
        coalesce(opened.n, 0) AS opened, coalesce(expired, 0) AS expired, coalesce(dropped, 0) AS dropped,
        coalesce(lingering, 0) AS lingering, coalesce(late, 0) AS late, coalesce(opened.leaked, 0) AS leaked,
        coalesce(held.seconds, 0) AS held, coalesce(held.leaked, 0) AS held_leaked
    FROM cells LEFT JOIN calls USING (cell) LEFT JOIN tries USING (cell) LEFT JOIN lost USING (cell)
        LEFT JOIN opened USING (cell) LEFT JOIN held USING (cell)
)
SELECT figure, cell, part::DOUBLE AS part, whole::DOUBLE AS whole FROM (
    SELECT 'concurrency_hits.first_attempt_share' AS figure, cell, first_hits AS part, first AS whole FROM known
    UNION ALL SELECT 'concurrency_hits.per_minute', cell, hits, seconds / 60 FROM known
    UNION ALL SELECT 'concurrency_hits.persons_lost_per_minute', cell, lost, seconds / 60 FROM known
    UNION ALL SELECT 'calls.failed_share', cell, failed, calls FROM known
    UNION ALL SELECT 'sessions.lost_to_idle_share', cell, expired, opened FROM known
    UNION ALL SELECT 'sessions.dropped_share', cell, dropped, opened FROM known
    UNION ALL SELECT 'sessions.lingering_share', cell, lingering, opened FROM known
    UNION ALL SELECT 'sessions.leaked_late_share', cell, late, opened FROM known
    UNION ALL SELECT 'sessions.leaked_share', cell, leaked, opened FROM known
    UNION ALL SELECT 'sessions.opened_per_minute', cell, opened, seconds / 60 FROM known
    UNION ALL SELECT 'slots.held', cell, held, seconds FROM known
    UNION ALL SELECT 'slots.leaked', cell, held_leaked, seconds FROM known
    UNION ALL SELECT 'generator.requests_per_second', cell, calls, seconds FROM known
)
"""


def samples_of(log: EventLog, seconds: float) -> pd.DataFrame:
    """Columns family, cell, bucket, n, over the first `seconds`. Needs the tables that `analyse` keeps in `log`."""
    return log.frame(_SAMPLES, width=seconds / CELLS, end=seconds)


def sums_of(log: EventLog, seconds: float) -> pd.DataFrame:
    """Columns figure, cell, part, whole, over the first `seconds`. Needs the tables that `analyse` keeps in `log`."""
    return log.frame(_SUMS, width=seconds / CELLS)
