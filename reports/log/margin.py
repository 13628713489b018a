"""What each activity left of its session's idle timeout.

Found in one walk through the log, in the order of time, with each session's last acknowledged activity in hand. A window
function in SQL would sort all calls once more, by session: twice the time, and the most memory of a whole report.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from loadtests.model.api.answer import Outcome
from loadtests.model.api.surface import Operation
from reports.log.rows import Floats, Rows
from reports.log.session_facts import USED

MARGINS = pa.schema([("session", pa.int64()), ("t", pa.float64()), ("margin", pa.float64())])
GAPS = pa.schema([("session", pa.int64()), ("before", pa.float64()), ("answered", pa.float64())])

_SENT = (Outcome.OK, Outcome.FAIL, Outcome.UNKNOWN)
_NOTHING = 1e-6
"""Seconds that are none: times are whole nanoseconds, and seconds are not."""


class Margins:
    """From an activity's answer to when its session would have been idle for too long, by the acknowledged activity before it.

    That one counts from its send. `idle_timeout`, by place, has to be known of the sessions in the rows that are taken in. Times
    are seconds of the run.
    """

    def __init__(self, sessions: npt.NDArray[np.int64], idle_timeout: Floats) -> None:
        self._sessions = sessions
        self._idle_timeout = idle_timeout
        self._last = np.full(len(sessions), np.nan)
        self._gaps: list[pa.RecordBatch] = []

    def add(self, rows: Rows) -> pa.RecordBatch:
        """What the keep-alives among the rows left, refused or not: those that came too late are the ones that matter.

        The rows are later than all before.
        """
        calls = rows.where(rows.are(USED, _SENT))
        session, is_ok = self._sessions[calls.place], calls.are(USED, (Outcome.OK,))
        before = last_before(calls.place, calls.sent, is_ok, self._last)
        margin = before - calls.answered + self._idle_timeout[calls.place]
        bare = np.flatnonzero(is_ok & (margin <= _NOTHING))
        self._gaps.append(_batch(GAPS, bare, session, before, calls.answered))
        judged = np.flatnonzero(calls.are((Operation.KEEP_ALIVE,), _SENT) & np.isfinite(before))
        return _batch(MARGINS, judged, session, calls.sent, margin)

    @property
    def gaps(self) -> pa.Table:
        """Between acknowledged activities of which the second left nothing; there are few of them."""
        return pa.Table.from_batches(self._gaps, GAPS)


def last_before(
    place: npt.NDArray[np.intp], t: npt.NDArray[np.float64], is_ok: npt.NDArray[np.bool_], last: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    """For each call the time of the acknowledged one before it at the same place; NaN where there was none.

    Places ascend, and the calls of each come in the order of time. `last` holds by place the time of the last one in earlier
    batches, and is brought up to date.
    """
    row = np.arange(len(t))
    begin = np.maximum.accumulate(np.where(np.diff(place, prepend=-1) != 0, row, 0))
    latest = np.maximum.accumulate(np.where(is_ok, row, -1))
    prior = np.concatenate(([-1], latest[:-1]))[: len(t)]
    # What was acknowledged at a place before does not count.
    found = np.where(prior >= begin, t[prior], last[place])
    # Of several with the same place the last one stays.
    last[place[is_ok]] = t[is_ok]
    return found


def _batch(schema: pa.Schema, rows: npt.NDArray[np.intp], *columns: npt.NDArray[np.generic]) -> pa.RecordBatch:
    return pa.record_batch([pa.array(column[rows]) for column in columns], schema=schema)
