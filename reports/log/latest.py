"""The last part of a log: a recording goes on for weeks, and a report is about the last hour, day or week."""

from __future__ import annotations

from pathlib import Path

import duckdb

from loadtests.model.log.record import NANOSECONDS
from loadtests.model.run.manifest import Manifest
from reports.log.versions import events_of

# A session that was open at the beginning is there from its opening on: half of it would be misjudged.
_LATEST = """
COPY (
    WITH events AS ({events}),
    bounds AS (SELECT max(t + latency) - {length} AS low FROM events),
    -- A session that is not called any more is open for its idle timeout.
    open AS (
        SELECT session FROM events, bounds WHERE session > 0 GROUP BY session
        HAVING max(t) + coalesce(max(value) FILTER (kind = 'new'), 0) * {second} >= any_value(low)
    ),
    chosen AS (
        SELECT events.* FROM events, bounds WHERE t >= low OR session IN (SELECT session FROM open)
    ), zero AS (SELECT min(t) AS zero FROM chosen)
    SELECT * REPLACE (t - zero AS t, intended - zero AS intended) FROM chosen, zero ORDER BY t, worker, session
) TO '{target}' (FORMAT parquet)
"""


def latest(
    database: duckdb.DuckDBPyConnection, parquet: Path, manifest: Manifest, seconds: float, target: Path
) -> Manifest:
    """Writes the last `seconds` of the log to `target`, and what happened before in sessions that were open then.

    Returns the manifest of that part; its 0 is the first row.
    """
    events, length = events_of(parquet), int(seconds * NANOSECONDS)
    bounds = database.execute(f"SELECT min(t), max(t + latency) FROM ({events})").fetchone()
    place = str(target).replace("'", "''")
    database.execute(_LATEST.format(events=events, length=length, target=place, second=NANOSECONDS))
    kept = database.execute(f"SELECT max(t + latency) FROM read_parquet('{place}')").fetchone()
    end, kept_end = (bounds[1] if bounds else 0) or 0, (kept[0] if kept else 0) or 0
    shift = (end - kept_end) / NANOSECONDS
    return manifest.model_copy(
        update={
            "started_unix": manifest.started_unix + shift,
            "load_ended": None if manifest.load_ended is None else manifest.load_ended - shift,
            "ended": None if manifest.ended is None else manifest.ended - shift,
        }
    )
