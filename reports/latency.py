"""How long calls took, from the send and from the intended time: the second does not forget the calls that were late."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from itertools import pairwise

import pandas as pd

from loadtests.model.record import nanoseconds

from .log import Log
from .screen import COLUMNS_ON_SCREEN, column_seconds


@dataclass(frozen=True)
class Percentiles:
    """Of one figure, in seconds; None where nothing was measured. Percentiles are values that occurred."""

    n: int = 0
    min: float | None = None
    p1: float | None = None
    p5: float | None = None
    p50: float | None = None
    p95: float | None = None
    p99: float | None = None
    max: float | None = None

    def as_dict(self) -> dict[str, float | int | None]:
        """By name."""
        return asdict(self)


# One list of quantiles, since each quantile_disc by itself would hold all the values once more.
_STATES = "count(*)::INTEGER AS n, min(v) AS min, quantile_disc(v, [0.01, 0.05, 0.5, 0.95, 0.99]) AS q, max(v) AS max"
_FIGURES = "n, min, q[1] AS p1, q[2] AS p5, q[3] AS p50, q[4] AS p95, q[5] AS p99, max"

_CELLS = COLUMNS_ON_SCREEN // 2
"""Of latency over time: its charts stand beside each other."""
_ROWS_AT_ONCE = 5_000_000

# The call that ends the log falls on the last column's end: it belongs to that column. The bounds on t only keep the reader
# from the other parts of the file.
_OVER_TIME = f"""
SELECT kind, t, n, q[1] / 1e9 AS p50, q[2] / 1e9 AS p99 FROM (
SELECT kind, i * $width AS t, count(*)::INTEGER AS n, quantile_disc(latency, [0.5, 0.99]) AS q
FROM (
    SELECT kind, latency, least(floor(t / 1e9 / $width), {_CELLS - 1})::INTEGER AS i FROM events
    WHERE outcome IN ('ok', 'fail', 'unknown') AND kind <> 'list' AND t BETWEEN $low AND $high
) WHERE i >= $first AND i < $last GROUP BY kind, i)
"""


def percentiles(log: Log, values: str) -> Percentiles:
    """Of the column `v` of the query `values`."""
    return Percentiles(**log.row(f"SELECT {_FIGURES} FROM (SELECT {_STATES} FROM ({values}))"))


def by_call(log: Log) -> dict[str, dict[str, Percentiles]]:
    """Of each operation that was sent: `sent` (from the first byte) and `intended` (from when it was due)."""
    return {
        basis: {
            str(row["kind"]): Percentiles(**{str(name): value for name, value in row.items() if name != "kind"})
            for row in log.frame(f"""
                SELECT kind, {_FIGURES} FROM (
                    SELECT kind, {_STATES} FROM (SELECT kind, ({value}) / 1e9 AS v FROM events
                    WHERE outcome IN ('ok', 'fail', 'unknown') AND kind <> 'list') GROUP BY kind
                ) ORDER BY kind
            """).to_dict("records")
        }
        for basis, value in (("sent", "latency"), ("intended", "greatest(t - intended, 0) + latency"))
    }


def by_profile(log: Log) -> pd.DataFrame:
    """Columns profile, kind, n, ok, p50, p95, p99 (seconds from the send)."""
    return log.frame("""
        SELECT profile, kind, n, ok, q[1] / 1e9 AS p50, q[2] / 1e9 AS p95, q[3] / 1e9 AS p99 FROM (
            SELECT profile, kind, count(*)::INTEGER AS n, count(*) FILTER (outcome = 'ok')::INTEGER AS ok,
                quantile_disc(latency, [0.5, 0.95, 0.99]) AS q
            FROM events WHERE outcome IN ('ok', 'fail', 'unknown') AND kind <> 'list' GROUP BY profile, kind
        ) ORDER BY profile, kind
    """)


def over_time(log: Log, log_end: float) -> pd.DataFrame:
    """Columns kind, t, until, n, p50, p99 (seconds from the send): the calls of each kind from second `t` until `until`."""
    width = column_seconds(log_end) * COLUMNS_ON_SCREEN / _CELLS
    rows = int(log.row("SELECT count(*) AS n FROM events")["n"])
    slices = min(_CELLS, 1 + rows // _ROWS_AT_ONCE)
    # Exact quantiles hold all their values: a long run is gone through a few columns at a time.
    bounds = [round(number * _CELLS / slices) for number in range(slices + 1)]
    parts = [_slice(log, width, first, last) for first, last in pairwise(bounds)]
    found = pd.concat(parts).sort_values(["kind", "t"], ignore_index=True)
    return found.assign(until=found["t"] + width)


def _slice(log: Log, width: float, first: int, last: int) -> pd.DataFrame:
    low, high = nanoseconds((first - 1) * width), nanoseconds((last + 1) * width)
    return log.frame(_OVER_TIME, width=width, first=first, last=last, low=low, high=high)
