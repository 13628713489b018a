"""The row groups of a log at rest.

Most rows of a long log are acknowledged tasks and keep-alives, and most questions are about the others. So each part of the log,
some hundred thousand rows that are later than the part before, has up to three sorts of row groups: the others, the tasks, the
keep-alives. By the least and greatest kind and outcome of each group a reader skips what it does not look for.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from loadtests.model.api.answer import Outcome
from loadtests.model.api.operation import Operation
from loadtests.model.log.record import COLUMNS

GROUP_ROWS = 122_880
"""Rows of a row group at most; DuckDB's default."""
PART_ROWS = 3 * GROUP_ROWS
"""About so many rows are a part."""
_ROUTINE = (Operation.TASK, Operation.KEEP_ALIVE)


def by_sort(rows: pa.Table, chosen: npt.NDArray[np.intp]) -> list[npt.NDArray[np.intp]]:
    """Returns the indices of the chosen rows of a part sort by sort, each in the order that they have. A short part is one."""
    if len(chosen) <= GROUP_ROWS:
        return [chosen]
    is_ok = _is(rows["outcome"], Outcome.OK)
    sort = np.zeros(len(rows), np.int8)
    for number, kind in enumerate(_ROUTINE, 1):
        sort[is_ok & _is(rows["kind"], kind)] = number
    sort = sort[chosen]
    return [found for number in range(len(_ROUTINE) + 1) if len(found := chosen[sort == number])]


def _is(column: pa.ChunkedArray, word: str) -> npt.NDArray[np.bool_]:
    """Whether each row has `word` in a category column, whose chunks have the same dictionary."""
    words = column.chunk(0).dictionary.to_pylist()
    code = words.index(word) if word in words else len(words)
    return np.concatenate([chunk.indices.to_numpy() == code for chunk in column.chunks])


def parts(parquet: Path) -> list[list[int]]:
    """Returns the row groups of each part: those of two parts do not overlap in time. Each is in the order of time."""
    metadata = pq.read_metadata(parquet)
    column = metadata.schema.to_arrow_schema().get_field_index("t")
    groups = [group for group in range(metadata.num_row_groups) if metadata.row_group(group).num_rows]
    times = [metadata.row_group(group).column(column).statistics for group in groups]
    if not all(each is not None and each.has_min_max for each in times):
        # Another program's file, of which nothing is known but its order.
        return [[group] for group in groups]
    # Of this group and of all that follow.
    earliest = list(accumulate((each.min for each in reversed(times)), min))[::-1]
    found: list[list[int]] = []
    until = -math.inf
    for group, first, each in zip(groups, earliest, times, strict=True):
        if first >= until:
            found.append([])
        found[-1].append(group)
        until = max(until, each.max)
    return found


def read(parquet: Path, columns: Sequence[str], together: Iterable[list[int]]) -> Iterator[pa.RecordBatch]:
    """Yields these columns of the row groups that are read together; categories as dictionaries."""
    categories = [name for name, kind, *_ in COLUMNS if kind == "category" and name in columns]
    with pq.ParquetFile(parquet, read_dictionary=categories) as file:
        yield from (_batch(file, groups, columns) for groups in together)


def _batch(file: pq.ParquetFile, groups: list[int], columns: Sequence[str]) -> pa.RecordBatch:
    rows = file.read_row_groups(groups, columns=list(columns), use_threads=False)
    (batch,) = rows.unify_dictionaries().combine_chunks().to_batches()
    return batch
