"""The log's rows as arrays, some at a time: for what takes one walk through it, and in SQL a sort or a large hash table."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from loadtests.model.log.record import NANOSECONDS
from reports.log.log import EventLog

Floats = npt.NDArray[np.float64]

_COLUMNS = ("session", "kind", "outcome", "t", "latency", "value")


@dataclass(frozen=True)
class Rows:
    """Rows of sessions that were opened: those of one session beside each other, in the order of time."""

    place: npt.NDArray[np.intp]
    """Which session's, as an index into the list of them; ascending."""
    sent: Floats
    """Seconds of the run."""
    answered: Floats
    value: Floats
    """NaN: there is none."""
    sort: npt.NDArray[np.integer[Any]]
    """Each row's kind and outcome, as an index into `sorts`."""
    sorts: tuple[tuple[str | None, str | None], ...]

    def are(self, kinds: Collection[str], outcomes: Collection[str]) -> npt.NDArray[np.bool_]:
        """Which rows are of one of these kinds, with one of these outcomes."""
        is_one = np.array([kind in kinds and outcome in outcomes for kind, outcome in self.sorts])
        rows: npt.NDArray[np.bool_] = is_one[self.sort]
        return rows

    def where(self, chosen: npt.NDArray[np.bool_]) -> Rows:
        """Some of them."""
        return self._at(np.flatnonzero(chosen))

    def by_place(self) -> Rows:
        """In their order, those of no place left out; as they are, rows are in the order of time."""
        # Numbers of 16 bits are sorted in a fifth of the time. A place of -1 comes last.
        order = np.lexsort([(self.place & 0xFFFF).astype(np.uint16), (self.place >> 16).astype(np.uint16)])
        return self._at(order[: np.count_nonzero(self.place >= 0)])

    def _at(self, rows: npt.NDArray[np.intp]) -> Rows:
        return Rows(
            self.place[rows], self.sent[rows], self.answered[rows], self.value[rows], self.sort[rows], self.sorts
        )


def rows_of(log: EventLog, sessions: npt.NDArray[np.int64]) -> Iterator[Rows]:
    """The rows of these sessions, each named once; each part is later than all before."""
    places = pd.Index(sessions)
    for batch in log.batches(_COLUMNS):
        sent, latency, value = (_values(batch[name]) for name in ("t", "latency", "value"))
        sort, sorts = _sorts(batch["kind"], batch["outcome"])
        place, answered = places.get_indexer(batch["session"]), (sent + latency) / NANOSECONDS
        yield Rows(place, sent / NANOSECONDS, answered, value, sort, sorts).by_place()


def _sorts(
    kind: pa.DictionaryArray, outcome: pa.DictionaryArray
) -> tuple[npt.NDArray[np.integer[Any]], tuple[tuple[str | None, str | None], ...]]:
    (of_kind, kinds), (of_outcome, outcomes) = _words(kind), _words(outcome)
    return of_kind * len(outcomes) + of_outcome, tuple(product(kinds, outcomes))


def _words(column: pa.DictionaryArray) -> tuple[npt.NDArray[np.integer[Any]], list[str | None]]:
    words = column.dictionary.to_pylist()
    # A row without a word has the last, which is none.
    return _values(column.indices.fill_null(len(words))), [*words, None]


def _values(column: pa.Array) -> npt.NDArray[Any]:
    values: npt.NDArray[Any] = column.to_numpy(zero_copy_only=False)
    return values
