"""Reads the log's rows as numpy arrays, batch by batch, for computations that would need a sort or a large hash table in SQL."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from loadtests.model.log.record import NANOSECONDS
from reports.log.arrays import Codes, combinations_of, values_of
from reports.log.log import EventLog

Floats = npt.NDArray[np.float64]

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
        return self._at(np.flatnonzero(chosen))

    def by_place(self) -> Rows:
        """Returns the rows grouped by session, without those of no session. The rows must be in the order of time."""
        # Sorting 16-bit keys takes a fifth of the time. A place of -1 sorts last.
        order = np.lexsort([(self.place & 0xFFFF).astype(np.uint16), (self.place >> 16).astype(np.uint16)])
        return self._at(order[: np.count_nonzero(self.place >= 0)])

    def _at(self, rows: npt.NDArray[np.intp]) -> Rows:
        return Rows(
            self.place[rows], self.sent[rows], self.answered[rows], self.value[rows], self.sort[rows], self.sorts
        )


def rows_of(log: EventLog, sessions: npt.NDArray[np.int64]) -> Iterator[Rows]:
    """Yields the rows of `sessions`, which are unique; each part is later than the parts before it."""
    places = pd.Index(sessions)
    for batch in log.batches(_COLUMNS):
        sent, latency, value = (values_of(batch[name]) for name in ("t", "latency", "value"))
        sort, sorts = combinations_of(batch["kind"], batch["outcome"])
        place, answered = places.get_indexer(batch["session"]), (sent + latency) / NANOSECONDS
        yield Rows(place, sent / NANOSECONDS, answered, value, sort, sorts).by_place()
