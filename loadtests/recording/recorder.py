"""Writes the event log while a run goes on: an Arrow IPC stream, with a batch at least each second.

Recording a row appends one tuple to a list; everything else is done for a batch at a time. Batches are small, so that writing
one does not delay the engine, and each is written whole: after a kill everything but the last second can be read.
"""

from __future__ import annotations

import contextlib
import io
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from loadtests.model.api.answer import Outcome, Reason
from loadtests.model.log.checksum import KEY, checksum
from loadtests.model.log.record import COLUMNS, KINDS, VERSION, Row
from loadtests.model.session.session import Holder
from loadtests.recording.columns import column, numbers, repeated, strings

FILE = "events.arrow"
BATCH_ROWS = 1024
"""In real time: writing a batch of this size takes about 2 ms."""
LARGE_BATCH_ROWS = 16 * BATCH_ROWS
"""In virtual time: a large batch costs little more than a small one."""

_KINDS = {name: kind for name, kind, *_ in COLUMNS}
_MOSTLY_EQUAL = ("waited", "status", "code", "value")
"""Columns that often have one value in a whole batch: to compare takes a quarter of the time of a conversion."""
_CATEGORY = pa.dictionary(pa.int16(), pa.string())


def schema() -> pa.Schema:
    """Returns the event log's Arrow schema; its metadata holds the record's version."""
    types = {"category": _CATEGORY, "string": pa.string()}
    fields = [
        pa.field(name, types.get(kind) or pa.type_for_alias(kind), nullable=name == "detail")
        for name, kind, *_ in COLUMNS
    ]
    return pa.schema(fields, metadata={"streamsoak.version": str(VERSION)})


class _Codes(dict[object, int]):
    """The codes of one category column. An unknown value gets the next code, and the stream a new dictionary."""

    _names = strings([])

    def __missing__(self, value: object) -> int:
        self[str(value)] = code = len(self)
        return code

    @property
    def names(self) -> pa.Array:
        """The values, in the order of their codes."""
        if len(self._names) < len(self):
            self._names = strings([str(name) for name in self])
        return self._names


class _Combinations(dict[tuple[object, ...], int]):
    """Places of the combinations of values that rows have in the category columns. One look-up for each row, not one a column."""

    def __init__(self, codes: dict[str, _Codes]) -> None:
        self._of_columns = codes
        self._rows: list[list[int]] = []
        self._table = np.empty((0, len(codes)), np.int16)

    def __missing__(self, values: tuple[object, ...]) -> int:
        self._rows.append([codes[value] for codes, value in zip(self._of_columns.values(), values, strict=True)])
        self[values] = place = len(self)
        return place

    def codes(self, columns: Iterable[Sequence[object]], count: int) -> dict[str, npt.NDArray[np.int16]]:
        """Returns the codes of each category column, whose values are `columns`."""
        places = np.fromiter(map(self.__getitem__, zip(*columns, strict=True)), np.intp, count)
        if len(self._table) < len(self._rows):
            self._table = np.array(self._rows, np.int16)
        return {name: self._table[places, column] for column, name in enumerate(self._of_columns)}


class _Stream:
    """An Arrow IPC stream in a file that only holds whole batches: one that is only partly written is truncated."""

    def __init__(self, path: Path, schema: pa.Schema) -> None:
        self.path = path
        self._file = path.open("wb", buffering=0)
        self._buffer = io.BytesIO()
        self._committed = 0
        options = pa.ipc.IpcWriteOptions(emit_dictionary_deltas=True)
        self._writer = pa.ipc.new_stream(self._buffer, schema, options=options)

    @property
    def size(self) -> int:
        """Bytes in the file."""
        return self._committed

    def write(self, batch: pa.RecordBatch) -> None:
        """Writes a batch with its checksum. Raises OSError; the file is unchanged then."""
        self._writer.write_batch(batch, custom_metadata={KEY: str(checksum(batch))})
        self._flush()

    def close(self) -> None:
        """Writes the end of the stream, if the disk has room, and closes the file."""
        with contextlib.suppress(OSError, pa.ArrowException):
            self._writer.close()
            self._flush()
        self._file.close()

    def _flush(self) -> None:
        data = memoryview(self._buffer.getvalue())
        self._buffer.seek(0)
        self._buffer.truncate()
        try:
            written = 0
            while written < len(data):
                written += self._file.write(data[written:]) or 0
        except OSError:
            self._file.truncate(self._committed)
            self._file.seek(self._committed)
            raise
        self._committed += len(data)


class Recorder:
    """One process's event log in a run's directory. `worker`: the worker's number; 0 for the process that leads the run."""

    def __init__(self, folder: Path, profiles: Iterable[str], worker: int = 0, batch_rows: int = BATCH_ROWS) -> None:
        self._folder = folder
        self._worker = worker
        self._batch_rows = batch_rows
        self._stem = f"events-w{worker}" if worker else Path(FILE).stem
        self._schema = schema()
        self._rows: list[Row] = []
        self.append = self._rows.append
        """Appends one Row. Call `flush_if_full` after rows and `flush` once a second."""
        self.written = 0
        self.lost = 0
        """Rows that could not be written, because the disk was full, for example."""
        self._codes = {
            "profile": _Codes((name, i) for i, name in enumerate(("", *profiles))),
            "kind": _Codes((name, i) for i, name in enumerate(KINDS)),
            "outcome": _Codes((name, i) for i, name in enumerate(Outcome)),
            "reason": _Codes((name, i) for i, name in enumerate(Reason)),
            "holder": _Codes((name, i) for i, name in enumerate(Holder)),
        }
        self._combinations = _Combinations(self._codes)
        self._streams = 0
        self._stream: _Stream | None = self._open_stream()

    def flush_if_full(self) -> None:
        """Writes a batch if enough rows have been appended."""
        if len(self._rows) >= self._batch_rows:
            self.flush()

    def flush(self) -> None:
        """Writes the appended rows. If that fails, they are counted as lost; the load goes on."""
        rows = self._rows.copy()
        self._rows.clear()
        if not rows:
            return
        try:
            self._stream = self._stream or self._open_stream()
            self._stream.write(self._batch(rows))
            self.written += len(rows)
        except (OSError, ValueError, OverflowError, pa.ArrowException):
            self.lost += len(rows)
            self._give_up_stream()

    @property
    def stream_bytes(self) -> int:
        """The size of the current stream's file."""
        return self._stream.size if self._stream else 0

    def rotate(self) -> None:
        """Ends the stream; the next batch begins another one."""
        self.flush()
        self._end_stream()

    def close(self) -> None:
        """Writes the remaining rows and ends the stream."""
        self.flush()
        self._end_stream()

    def _open_stream(self) -> _Stream:
        number = f"-{self._streams + 1}" if self._streams else ""
        path = self._folder / f"{self._stem}{number}.arrow"
        stream = _Stream(path, self._schema)
        self._streams += 1
        return stream

    def _end_stream(self) -> None:
        if self._stream:
            self._stream.close()
            self._stream = None

    def _give_up_stream(self) -> None:
        """Ends the stream after a failed write. The next batch begins a new one: the lost batch may have had dictionaries."""
        stream, is_empty = self._stream, self._stream is not None and self._stream.size == 0
        self._end_stream()
        if stream and is_empty:
            # A disk may be full for hours: the next stream takes this one's place.
            stream.path.unlink(missing_ok=True)
            self._streams -= 1

    def _batch(self, rows: list[Row]) -> pa.RecordBatch:
        count, columns = len(rows), dict(zip(self._schema.names, zip(*rows, strict=True), strict=True))
        codes = self._combinations.codes((columns[name] for name in self._codes), count)
        arrays = [
            pa.DictionaryArray.from_arrays(column(codes[name]), self._codes[name].names)
            if name in codes
            else self._array(name, values)
            for name, values in columns.items()
        ]
        return pa.RecordBatch.from_arrays(arrays, schema=self._schema)

    def _array(self, name: str, values: tuple[Any, ...]) -> pa.Array:
        kind = _KINDS[name]
        if name == "worker":
            return repeated(self._worker, len(values), kind)
        if kind == "string":
            return strings(values)
        if name in _MOSTLY_EQUAL and values.count(values[0]) == len(values):
            return repeated(values[0], len(values), kind)
        return numbers(values, len(values), kind)
