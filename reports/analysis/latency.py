"""Computes the latency of calls, from the send and from the intended time (without coordinated omission)."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import Any

import pandas as pd

from loadtests.model.log.record import nanoseconds
from loadtests.model.maths.histogram import PERCENTILES
from reports.log.log import EventLog
from reports.log.quantile import quantiles, quantiles_of_groups
from reports.log.time_columns import COLUMNS_ON_SCREEN, column_seconds


@dataclass(frozen=True)
class Percentiles:
    """Percentiles of one figure, in seconds; None where nothing was measured. Each is a value that occurred."""

    n: int = 0
    min: float | None = None
    p1: float | None = None
    p5: float | None = None
    p50: float | None = None
    p95: float | None = None
    p99: float | None = None
    max: float | None = None

    def as_dict(self) -> dict[str, float | int | None]:
        """Returns the values by name."""
        return asdict(self)


SENT = "FROM events WHERE outcome IN ('ok', 'fail', 'unknown') AND kind <> 'list'"
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
    SELECT kind, latency, least(floor(t / 1e9 / $width), {_CELLS - 1})::INTEGER AS i {SENT} AND t BETWEEN $low AND $high
) WHERE i >= $first AND i < $last GROUP BY kind, i)
"""


def percentiles(log: EventLog, values: str) -> Percentiles:
    """Returns the percentiles of the column `v` of the query `values`."""
    return next(map(_percentiles, quantiles(log, values, PERCENTILES).to_dict("records")), Percentiles())


@dataclass(frozen=True)
class CallLatencies:
    """Latencies by operation."""

    sent: dict[str, Percentiles]
    """From the first byte."""
    intended: dict[str, Percentiles]
    """From the intended time."""
    by_profile: pd.DataFrame
    """Columns profile, kind, n, ok, p50, p95, p99 (seconds from the send)."""


def build_calls(log: EventLog) -> CallLatencies:
    """Computes the latencies of each operation that was sent."""
    sent = f"SELECT profile, kind, latency / 1e9 AS v {SENT}"
    of_all, of_each = quantiles_of_groups(log, sent, PERCENTILES, [["kind"], ["profile", "kind"]])
    from_due = quantiles(
        log, f"SELECT kind, (greatest(t - intended, 0) + latency) / 1e9 AS v {SENT}", PERCENTILES, ["kind"]
    )
    return CallLatencies(_by_kind(of_all), _by_kind(from_due), _with_ok(log, of_each))


def _by_kind(rows: pd.DataFrame) -> dict[str, Percentiles]:
    return {str(row.pop("kind")): _percentiles(row) for row in rows.to_dict("records")}


def _percentiles(row: Mapping[Hashable, Any]) -> Percentiles:
    return Percentiles(**{str(name): value for name, value in row.items()})


def _with_ok(log: EventLog, calls: pd.DataFrame) -> pd.DataFrame:
    by = ["profile", "kind"]
    others = log.frame(f"SELECT profile, kind, count(*)::INTEGER AS others {SENT} AND outcome <> 'ok' GROUP BY ALL")
    merged = calls.merge(others, on=by, how="left").fillna({"others": 0})
    return merged.assign(ok=merged["n"] - merged["others"].astype(int))[[*by, "n", "ok", "p50", "p95", "p99"]]


def over_time(log: EventLog, log_end: float) -> pd.DataFrame:
    """Returns the columns kind, t, until, n, p50, p99 (seconds from the send) of the calls from second `t` until `until`."""
    width = column_seconds(log_end) * COLUMNS_ON_SCREEN / _CELLS
    rows = int(log.row("SELECT count(*) AS n FROM events")["n"])
    slices = min(_CELLS, 1 + rows // _ROWS_AT_ONCE)
    # Exact quantiles hold all their values, so a long run is processed a few columns at a time.
    bounds = [round(number * _CELLS / slices) for number in range(slices + 1)]
    parts = [_slice(log, width, first, last) for first, last in pairwise(bounds)]
    found = pd.concat(parts).sort_values(["kind", "t"], ignore_index=True)
    return found.assign(until=found["t"] + width)


def _slice(log: EventLog, width: float, first: int, last: int) -> pd.DataFrame:
    low, high = nanoseconds((first - 1) * width), nanoseconds((last + 1) * width)
    return log.frame(_OVER_TIME, width=width, first=first, last=last, low=low, high=high)
