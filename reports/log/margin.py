"""Computes how much of the idle timeout was left at each activity of a session.

One pass over the log, in the order of time, keeps each session's last acknowledged activity. A window function in SQL would
sort all calls again by session, which takes twice the time and the most memory of a whole report.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from loadtests.model.api.answer import Outcome
from loadtests.model.api.operation import Operation
from reports.log.rows import Floats, Rows

MARGINS = pa.schema([("session", pa.int64()), ("t", pa.float64()), ("margin", pa.float64())])
GAPS = pa.schema([("session", pa.int64()), ("before", pa.float64()), ("answered", pa.float64())])

_SENT = (Outcome.OK, Outcome.FAIL, Outcome.UNKNOWN)
_NOTHING = 1e-6
"""Seconds below which a margin counts as zero, because seconds are rounded and nanoseconds are not."""


class Margins:
    """Seconds from an activity's answer to the end of the idle timeout that the previous acknowledged activity started.

    The timeout counts from that activity's send. `idle_timeout`, by place, must be known for the sessions of added rows.
    Times are seconds of the run. `activity`: the calls that reset the idle timer.
    """

    def __init__(self, sessions: npt.NDArray[np.int64], idle_timeout: Floats, activity: frozenset[Operation]) -> None:
        self._used = (Operation.NEW, *activity)
        self._sessions = sessions
        self._idle_timeout = idle_timeout
        self._last = np.full(len(sessions), np.nan)
        self._gaps: list[pa.RecordBatch] = []

    def add(self, rows: Rows) -> pa.RecordBatch:
        """Adds rows, which must be later than all before, and returns the margins of their keep-alives, refused ones included."""
        calls = rows.where(rows.are(self._used, _SENT))
        session, is_ok = self._sessions[calls.place], calls.are(self._used, (Outcome.OK,))
        before = last_before(calls.place, calls.sent, is_ok, self._last)
        margin = before - calls.answered + self._idle_timeout[calls.place]
        bare = np.flatnonzero(is_ok & (margin <= _NOTHING))
        self._gaps.append(_batch(GAPS, bare, session, before, calls.answered))
        judged = np.flatnonzero(calls.are((Operation.KEEP_ALIVE,), _SENT) & np.isfinite(before))
        return _batch(MARGINS, judged, session, calls.sent, margin)

    @property
    def gaps(self) -> pa.Table:
        """Pairs of consecutive acknowledged activities with no margin left; there are few."""
        return pa.Table.from_batches(self._gaps, GAPS)


def last_before(
    place: npt.NDArray[np.intp], t: npt.NDArray[np.float64], is_ok: npt.NDArray[np.bool_], last: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    """Returns for each call the time of the previous acknowledged call at the same place; NaN where there is none.

    Places ascend, and the calls of each are in the order of time. `last` holds, by place, the time of the last acknowledged call
    of earlier batches, and is updated.
    """
    row = np.arange(len(t))
    begin = np.maximum.accumulate(np.where(np.diff(place, prepend=-1) != 0, row, 0))
    latest = np.maximum.accumulate(np.where(is_ok, row, -1))
    prior = np.concatenate(([-1], latest[:-1]))[: len(t)]
    # A call acknowledged at another place does not count.
    found = np.where(prior >= begin, t[prior], last[place])
    # Of several values for one place numpy keeps the last.
    last[place[is_ok]] = t[is_ok]
    return found


def _batch(schema: pa.Schema, rows: npt.NDArray[np.intp], *columns: npt.NDArray[np.generic]) -> pa.RecordBatch:
    return pa.record_batch([pa.array(column[rows]) for column in columns], schema=schema)
