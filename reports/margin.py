"""What each activity left of its session's idle timeout.

The log is walked through once, in the order of time, with each session's last acknowledged activity in hand. A window
function in SQL would sort all calls once more, by session: twice the time, and the most memory of a whole report.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from loadtests.model.record import NANOSECONDS
from loadtests.model.surface import ACTIVITY

from .log import Log

_CALLS = f"""
SELECT session, kind = 'keep_alive' AS is_keep_alive, outcome = 'ok' AS is_ok, t, latency FROM events
WHERE outcome IN ('ok', 'fail', 'unknown') AND (kind = 'new' OR kind IN {tuple(operation.value for operation in ACTIVITY)})
"""
_MARGINS = pa.schema([("session", pa.int64()), ("t", pa.float64()), ("margin", pa.float64())])
_GAPS = pa.schema([("session", pa.int64()), ("before", pa.float64()), ("answered", pa.float64())])
_NOTHING = 1e-6
"""Seconds that are none: times are whole nanoseconds, and seconds are not."""


def build_margins(log: Log) -> None:
    """Keep the tables `margins` and `gaps` of `log`, out of the events and the table `sessions`. Times are seconds of the run.

    What an activity left: from its answer to when its session would have been idle for too long, counted from the send of the
    acknowledged one before. `margins` (session, t, margin): that of each keep-alive that was sent while the client could believe
    in its session, refused or not, since those that came too late are the ones that matter. `gaps` (session, before, answered):
    between acknowledged activities of which the second left nothing; there are few of them.
    """
    log.create("margins", _MARGINS)
    log.create("gaps", _GAPS)
    sessions = log.frame("SELECT session, idle_timeout, coalesce(told_gone, 'inf') AS told_gone FROM sessions")
    places = pd.Index(sessions["session"])
    idle_timeout, told_gone = sessions["idle_timeout"].to_numpy(), sessions["told_gone"].to_numpy()
    last = np.full(len(sessions), np.nan)
    for batch in log.in_order(_CALLS):
        place = places.get_indexer(batch["session"])
        # Calls for sessions that were never opened have no margin.
        calls = batch.filter(pa.array(place >= 0))
        place = place[place >= 0]
        session, is_keep_alive, is_ok, t, latency = map(_values, calls.columns)
        sent, answered = t / NANOSECONDS, (t + latency) / NANOSECONDS
        before = last_before(place, sent, is_ok, last)
        margin = before - answered + idle_timeout[place]
        judged = np.flatnonzero(is_keep_alive & (sent <= told_gone[place]) & np.isfinite(before))
        log.append("margins", _table(_MARGINS, judged, session, sent, margin))
        bare = np.flatnonzero(is_ok & (margin <= _NOTHING))
        log.append("gaps", _table(_GAPS, bare, session, before, answered))


def last_before(
    place: npt.NDArray[np.intp], t: npt.NDArray[np.float64], is_ok: npt.NDArray[np.bool_], last: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    """For each call the time of the acknowledged one before it at the same place; NaN where there was none.

    Calls come in the order of time. `last` holds by place the time of the last one in earlier batches, and is brought up to date.
    """
    order = np.argsort(place, kind="stable")
    place, t, is_ok = place[order], t[order], is_ok[order]
    # Calls of one place are beside each other now: an acknowledged one counts if it is not of a place before.
    row = np.arange(len(t))
    latest = np.maximum.accumulate(np.where(is_ok, row, -1))
    prior = np.concatenate(([-1], latest[:-1]))[: len(t)]
    found = np.empty(len(t))
    found[order] = np.where(prior >= np.searchsorted(place, place), t[prior], last[place])
    # Of several with the same place the last one stays.
    last[place[is_ok]] = t[is_ok]
    return found


def _values(column: pa.Array) -> npt.NDArray[Any]:
    values: npt.NDArray[Any] = column.to_numpy(zero_copy_only=False)
    return values


def _table(schema: pa.Schema, rows: npt.NDArray[np.intp], *columns: npt.NDArray[Any]) -> pa.Table:
    return pa.table([pa.array(column[rows]) for column in columns], schema=schema)
