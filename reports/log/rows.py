"""Reads the log's rows as numpy arrays, batch by batch, for computations that would need a sort or a large hash table in SQL."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import chain

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from loadtests.model.log.record import NANOSECONDS
from reports.log.arrays import Codes, combinations_of, values_of
from reports.log.log import EventLog

Floats = npt.NDArray[np.float64]

_ROWS_AT_ONCE = 1 << 17
_COLUMNS = ("session", "kind", "outcome", "t", "latency", "value")


@dataclass(frozen=True)
class Rows:
    """Rows of opened sessions, grouped by session, each group in the order of time."""

    place: npt.NDArray[np.intp]
    """Index of the row's session in the list of sessions; ascending."""
    sent: Floats
    """Seconds of the run."""
    answered: Floats
    value: Floats
    """NaN where the row has none."""
    sort: Codes
    """Each row's kind and outcome, as an index into `sorts`."""
    sorts: Sequence[tuple[str | None, ...]]

    def are(self, kinds: Collection[str], outcomes: Collection[str]) -> npt.NDArray[np.bool_]:
        """Returns a mask of the rows with one of `kinds` and one of `outcomes`."""
        is_one = np.array([kind in kinds and outcome in outcomes for kind, outcome in self.sorts])
        rows: npt.NDArray[np.bool_] = is_one[self.sort]
        return rows

    def where(self, chosen: npt.NDArray[np.bool_]) -> Rows:
        """Returns the rows that `chosen` selects."""
        at = np.flatnonzero(chosen)
        return Rows(self.place[at], self.sent[at], self.answered[at], self.value[at], self.sort[at], self.sorts)


def rows_of(log: EventLog, sessions: npt.NDArray[np.int64]) -> Iterator[Rows]:
    """Yields the rows of `sessions`, which are unique; each of the results is later than those before it."""
    # `map` holds no part while its rows are used.
    return chain.from_iterable(map(partial(_rows, pd.Index(sessions)), log.parts(_COLUMNS)))


def _rows(sessions: pd.Index, part: pa.RecordBatch) -> Iterator[Rows]:
    t, latency, value = (values_of(part[name]) for name in ("t", "latency", "value"))
    sort, sorts = combinations_of(part["kind"], part["outcome"])
    place = sessions.get_indexer(part["session"])
    # A part is some rising runs of times, which a stable sort merges.
    by_time = np.argsort(t, kind="stable")
    # A few at once, for which the processor's cache has room.
    for begin in range(0, len(t), _ROWS_AT_ONCE):
        order = _by_place(place, by_time[begin : begin + _ROWS_AT_ONCE])
        sent = t[order]
        answered = (sent + latency[order]) / NANOSECONDS
        yield Rows(place[order], sent / NANOSECONDS, answered, value[order], sort[order], sorts)


def _by_place(place: npt.NDArray[np.intp], rows: npt.NDArray[np.intp]) -> npt.NDArray[np.intp]:
    """Returns those of `rows` that have a place, by place."""
    key = place[rows]
    has_one = key >= 0
    # 16-bit numbers are sorted five times as fast.
    low, high = (bits.astype(np.uint16) for bits in (key & 0xFFFF, key >> 16))
    order = np.lexsort([low, high]) if key.max(initial=0) >> 16 else np.argsort(low, kind="stable")
    return rows[order[has_one[order]]]
