"""Merges the event streams of a run into one Parquet file, in the order of time part by part (`row_groups`).

Rows are nearly sorted already: a call is written when it is answered, and sorted by when it was sent. A first pass notes when
each batch begins. A second pass sorts some hundred thousand rows at a time and writes those that no later row can precede.
Memory depends on how far rows are out of order, which is the longest time that a call may take, and not on the length of the
run.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import accumulate, chain
from math import inf
from operator import attrgetter
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from loadtests.model.log.checksum import KEY, checksum
from loadtests.model.log.record import COLUMNS, VERSION
from loadtests.model.text.input_error import EXIT_UNAVAILABLE, InputError
from reports.log.files import replacing
from reports.log.memory import give_back
from reports.log.row_groups import GROUP_ROWS, PART_ROWS, by_sort

_VERSION_KEY = b"streamsoak.version"
_DAMAGE_KEY = "streamsoak.damage"
_DESCRIPTION = {
    _VERSION_KEY.decode(): str(VERSION),
    "streamsoak.units": json.dumps({column.name: column.unit for column in COLUMNS if column.unit}),
    "streamsoak.about": json.dumps({column.name: column.about for column in COLUMNS}),
}
"""Written into the file, which is read without the documentation, too."""
_ORDER = ("t", "worker", "session")
_DELTAS = ("t", "session", "intended", "latency")
"""Slowly changing numbers: smaller and faster to read as differences."""
_TYPES = {"category": pa.dictionary(pa.int16(), pa.string()), "string": pa.string()}
_WORDS = ("profile", "kind", "outcome", "reason", "holder", "detail")
_SKIPPED_BY = ("kind", "outcome")
"""Words of which a row group has few, so that readers skip it by the least and greatest."""

Order = npt.NDArray[np.intp]
"""Indices of rows."""

_earliest = attrgetter("earliest")


def compact(streams: list[Path], target: Path) -> None:
    """Writes the rows of all `streams` to `target` atomically. Each part is later than the one before; within one, those of each
    sort (`row_groups`) are sorted by t, worker and session, otherwise as written.

    A stream that was cut off, or damaged, ends with its last whole batch; `damage_of` returns how much is missing. Raises
    InputError if one is of a newer version, or if the disk is full.
    """
    sources = [_LogFile(path) for path in streams]
    damage = {source.path.name: [source.unread, source.size] for source in sources if source.unread}
    try:
        with replacing(target) as partial:
            _write(_merged(sources, PART_ROWS), partial, {_DAMAGE_KEY: json.dumps(damage), **_DESCRIPTION})
    except OSError:
        raise InputError.of(target, "cannot be written: is the disk full?", code=EXIT_UNAVAILABLE) from None
    give_back()


def damage_of(compacted: Path) -> dict[str, tuple[int, int]]:
    """Returns, by stream of which a part was not read, the bytes of that part and of the whole. Raises OSError."""
    try:
        metadata = pq.read_metadata(compacted).metadata or {}
        damage: dict[str, tuple[int, int]] = json.loads(metadata.get(_DAMAGE_KEY.encode(), b"{}"))
    except (pa.ArrowException, ValueError):
        return {}
    return damage


def in_order(streams: list[Path], at_once: int = PART_ROWS) -> Iterator[pa.Table]:
    """Yields all rows in order, about `at_once` rows at a time."""
    return (rows.take(pa.array(order)) for rows, order in _merged([_LogFile(path) for path in streams], at_once))


def _merged(sources: list[_LogFile], at_once: int) -> Iterator[tuple[pa.Table, Order]]:
    """Yields rows, and the indices of those that no later row can precede, in order."""
    pending: list[pa.RecordBatch] = []
    fresh = 0
    while (source := min(sources, key=_earliest)).earliest < inf:
        pending.append(source.take())
        fresh += len(pending[-1])
        if fresh >= at_once:
            rows, order = _ordered(pending)
            ready = int(np.searchsorted(rows["t"].to_numpy()[order], min(map(_earliest, sources))))
            yield rows, order[:ready]
            pending, fresh = rows.take(pa.array(order[ready:])).to_batches(), 0
    if pending:
        yield _ordered(pending)


def readable(path: Path, progress: Progress | None = None) -> Iterator[pa.RecordBatch]:
    """Yields each whole batch of a stream. Raises InputError if a newer program wrote it.

    `progress` is told how much was read.
    """
    progress = progress or Progress()
    try:
        # Not memory-mapped, because mapped pages would stay in memory.
        with pa.OSFile(str(path)) as source, pa.ipc.open_stream(source) as stream:
            schema = _schema(_checked_version(path, stream.schema))
            while True:
                try:
                    batch, metadata = stream.read_next_batch_with_custom_metadata()
                except StopIteration:
                    progress.read = progress.size
                    return
                batch = _cast(_checked(_verified(batch, metadata)), schema)
                progress.read = source.tell()
                if len(batch):
                    yield batch
    except (pa.ArrowException, OSError, ValueError, KeyError, OverflowError, MemoryError):
        return


def _read_again(path: Path) -> Iterator[pa.RecordBatch]:
    """Yields the batches of a stream, up to the last that `readable` yielded: those after it are not checked."""
    with pa.OSFile(str(path)) as source, pa.ipc.open_stream(source) as stream:
        schema = _schema(_checked_version(path, stream.schema))
        yield from (_cast(batch, schema) for batch in stream if len(batch))


@dataclass
class Progress:
    """How much of a stream was read, in bytes."""

    size: int = 0
    read: int = 0


class _LogFile:
    """The unread batches of one stream, and the earliest time in any of them."""

    def __init__(self, path: Path) -> None:
        progress = Progress(path.stat().st_size)
        begins = [pc.min(batch["t"]).as_py() for batch in readable(path, progress)]
        self.path, self.size, self.unread = path, progress.size, progress.size - progress.read
        self._earliest = list(accumulate(reversed(begins), min))
        # The run may go on: later batches are left for the next report.
        self._batches = _read_again(path)

    @property
    def earliest(self) -> float:
        """Nanoseconds of the run; infinite when there are no more."""
        return self._earliest[-1] if self._earliest else inf

    def take(self) -> pa.RecordBatch:
        """The next one."""
        self._earliest.pop()
        return next(self._batches)


def _ordered(batches: list[pa.RecordBatch]) -> tuple[pa.Table, Order]:
    # Categories stay dictionary-encoded: sorting them as text would take most of the time.
    rows = pa.Table.from_batches(batches).unify_dictionaries()
    return rows, order_of([rows[name].to_numpy() for name in _ORDER])


def order_of(keys: list[npt.NDArray[Any]]) -> Order:
    """Returns the stable order of rows by `keys`; fast where the first key is nearly sorted and rarely equal."""
    order = np.argsort(keys[0], kind="stable")
    first = keys[0][order]
    same = first[1:] == first[:-1]
    tied = np.flatnonzero(np.append(same, False) | np.append(False, same))
    among = order[tied]
    order[tied] = among[np.lexsort([key[among] for key in reversed(keys)])]
    return order


def _write(parts: Iterator[tuple[pa.Table, Order]], path: Path, metadata: dict[str, str]) -> None:
    first = next(parts, (_schema(VERSION).empty_table(), np.empty(0, np.intp)))
    columns = first[0].schema
    encodings = dict.fromkeys(_DELTAS, "DELTA_BINARY_PACKED")
    words = [name for name in _WORDS if name in columns.names]
    options = {
        "compression": "snappy",
        "use_dictionary": words,
        "column_encoding": encodings,
        "write_statistics": [name for name in columns.names if name not in words or name in _SKIPPED_BY],
    }
    # One part is written while the next is sorted.
    with pq.ParquetWriter(path, columns, **options) as writer, ThreadPoolExecutor(1) as beside:
        writer.add_key_value_metadata(metadata)
        written: Future[None] | None = None
        for rows, order in chain([first], parts):
            sorts = by_sort(rows, order)
            part = rows.take(pa.array(np.concatenate(sorts)))
            if written:
                written.result()
            written = beside.submit(_write_part, writer, part, [len(sort) for sort in sorts])
        if written:
            written.result()


def _write_part(writer: pq.ParquetWriter, part: pa.Table, sizes: list[int]) -> None:
    for begin, size in zip(accumulate(sizes, initial=0), sizes, strict=False):
        if size:
            writer.write_table(part.slice(begin, size), row_group_size=GROUP_ROWS)


def _schema(version: int) -> pa.Schema:
    """The columns that a record of `version` has."""
    return pa.schema(
        [
            (column.name, _TYPES.get(column.type) or pa.type_for_alias(column.type))
            for column in COLUMNS
            if column.since <= version
        ]
    )


def _verified(batch: pa.RecordBatch, metadata: pa.KeyValueMetadata | None) -> pa.RecordBatch:
    """Returns the batch. Raises ValueError if it is not what was written; older programs wrote no checksum."""
    written = metadata.get(KEY.encode()) if metadata is not None else None
    if written is not None and int(written) != checksum(batch):
        raise ValueError("a batch is damaged")
    return batch


def _checked(batch: pa.RecordBatch) -> pa.RecordBatch:
    # Offsets and indices that point outside the batch would crash the process.
    batch.validate(full=True)
    if any(batch[name].null_count for name in _ORDER):
        raise ValueError("a row without a time, or without its writer")
    return batch


def _cast(batch: pa.RecordBatch, schema: pa.Schema) -> pa.RecordBatch:
    if batch.schema.names == schema.names and batch.schema.types == schema.types:
        # Mostly so; casting each column of a small batch takes longer than reading it.
        return pa.RecordBatch.from_arrays(batch.columns, schema=schema)
    return pa.RecordBatch.from_arrays([batch[field.name].cast(field.type) for field in schema], schema=schema)


def _checked_version(path: Path, schema: pa.Schema) -> int:
    written = int((schema.metadata or {}).get(_VERSION_KEY, b"1"))
    if written > VERSION:
        raise InputError.of(path, f"has event records of version {written}; this program reads up to {VERSION}")
    return written
