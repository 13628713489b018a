"""Computes the latency of calls over time."""

from __future__ import annotations

from itertools import pairwise

import pandas as pd

from loadtests.model.log.record import nanoseconds
from reports.log.log import EventLog
from reports.log.time_columns import COLUMNS_ON_SCREEN, column_seconds

_SENT = "FROM events WHERE outcome IN ('ok', 'fail', 'unknown') AND kind <> 'list'"
"""Calls of simulated people, without the polls of the list."""

_CELLS = COLUMNS_ON_SCREEN // 2
"""Columns of the charts of latency over time, which are half as wide."""
_ROWS_AT_ONCE = 5_000_000

# The last call of the log lies on the last column's end and belongs to that column. The bounds on t let the reader skip the
# other parts of the file.
_OVER_TIME = f"""
SELECT kind, t, n, q[1] / 1e9 AS p50, q[2] / 1e9 AS p99 FROM (
SELECT kind, i * $width AS t, count(*)::INTEGER AS n, quantile_disc(latency, [0.5, 0.99]) AS q
FROM (
    SELECT kind, latency, least(floor(t / 1e9 / $width), {_CELLS - 1})::INTEGER AS i {_SENT} AND t BETWEEN $low AND $high
) WHERE i >= $first AND i < $last GROUP BY kind, i)
"""


def over_time(log: EventLog, log_end: float) -> pd.DataFrame:
    """Returns the columns kind, t, until, n, p50, p99 (seconds from the send) of the calls from second `t` until `until`."""
    width = column_seconds(log_end) * COLUMNS_ON_SCREEN / _CELLS
    slices = min(_CELLS, 1 + log.rows // _ROWS_AT_ONCE)
    # Exact quantiles hold all their values, so a long run is processed a few columns at a time.
    bounds = [round(number * _CELLS / slices) for number in range(slices + 1)]
    parts = [_slice(log, width, first, last) for first, last in pairwise(bounds)]
    found = pd.concat(parts).sort_values(["kind", "t"], ignore_index=True)
    return found.assign(until=found["t"] + width)


def _slice(log: EventLog, width: float, first: int, last: int) -> pd.DataFrame:
    low, high = nanoseconds((first - 1) * width), nanoseconds((last + 1) * width)
    return log.frame(_OVER_TIME, width=width, first=first, last=last, low=low, high=high)
