"""How long calls took, from the send and from the intended time: the second does not forget the calls that were late."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise

import pandas as pd

from loadtests.model.record import nanoseconds

from .log import Log
from .quantile import quantiles
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


_SHARES = {"p1": 0.01, "p5": 0.05, "p50": 0.5, "p95": 0.95, "p99": 0.99}

SENT = "FROM events WHERE outcome IN ('ok', 'fail', 'unknown') AND kind <> 'list'"
"""The people's calls, without the observer's."""

_CELLS = COLUMNS_ON_SCREEN // 2
"""Of latency over time: its charts stand beside each other."""
_ROWS_AT_ONCE = 5_000_000

# The call that ends the log falls on the last column's end: it belongs to that column. The bounds on t only keep the reader
# from the other parts of the file.
_OVER_TIME = f"""
SELECT kind, t, n, q[1] / 1e9 AS p50, q[2] / 1e9 AS p99 FROM (
SELECT kind, i * $width AS t, count(*)::INTEGER AS n, quantile_disc(latency, [0.5, 0.99]) AS q
FROM (
    SELECT kind, latency, least(floor(t / 1e9 / $width), {_CELLS - 1})::INTEGER AS i {SENT} AND t BETWEEN $low AND $high
) WHERE i >= $first AND i < $last GROUP BY kind, i)
"""


def percentiles(log: Log, values: str) -> Percentiles:
    """Of the column `v` of the query `values`."""
    return next(iter(_percentiles(log, values).values()), Percentiles())


def by_call(log: Log) -> dict[str, dict[str, Percentiles]]:
    """Of each operation that was sent: `sent` (from the first byte) and `intended` (from when it was due)."""
    bases = {"sent": "latency", "intended": "greatest(t - intended, 0) + latency"}
    return {
        basis: {
            str(kind): made
            for (kind,), made in _percentiles(log, f"SELECT kind, ({value}) / 1e9 AS v {SENT}", ["kind"]).items()
        }
        for basis, value in bases.items()
    }


def by_profile(log: Log) -> pd.DataFrame:
    """Columns profile, kind, n, ok, p50, p95, p99 (seconds from the send)."""
    by = ["profile", "kind"]
    shares = {name: _SHARES[name] for name in ("p50", "p95", "p99")}
    found = quantiles(log, f"SELECT profile, kind, latency / 1e9 AS v {SENT}", shares, by)
    good = log.frame(f"SELECT profile, kind, count(*) FILTER (outcome = 'ok')::INTEGER AS ok {SENT} GROUP BY ALL")
    return found.merge(good, on=by)[[*by, "n", "ok", *shares]]


def _percentiles(log: Log, values: str, by: Sequence[str] = ()) -> dict[tuple[str, ...], Percentiles]:
    rows = quantiles(log, values, _SHARES, by).to_dict("records")
    return {
        tuple(str(row[name]) for name in by): Percentiles(**{str(n): v for n, v in row.items() if n not in by})
        for row in rows
    }


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
