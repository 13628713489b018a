"""Writes the event log while a run goes on: an Arrow IPC stream, a batch at most each second.

A row is one tuple appended to a list; all else is done by the batch. Batches are small, so that writing one never keeps
the engine from being on time, and complete: after a kill all but the last second can be read.
"""

from __future__ import annotations

import contextlib
import io
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pyarrow as pa

from loadtests.model.api.answer import Outcome, Reason
from loadtests.model.log.record import COLUMNS, KINDS, VERSION, Row
from loadtests.model.session.session import Holder

FILE = "events.arrow"
BATCH_ROWS = 1024
"""Of a run in real time: a batch is written between two requests, in about 2 ms."""
LARGE_BATCH_ROWS = 16 * BATCH_ROWS
"""Where nobody waits: most of what a small batch costs is the same for a large one."""

# The first array made of a list makes Arrow import pandas: half a second that must not fall into a run.
pa.array([0])

_CATEGORY = pa.dictionary(pa.int16(), pa.string())


def schema() -> pa.Schema:
    """The event log's Arrow schema; its metadata holds the record's version."""
    types = {"category": _CATEGORY, "string": pa.string()}
    fields = [
        pa.field(name, types.get(kind) or pa.type_for_alias(kind), nullable=name == "detail")
        for name, kind, *_ in COLUMNS
    ]
    return pa.schema(fields, metadata={"streamsoak.version": str(VERSION)})


class _Codes(dict[object, int]):
    """Codes of one category column. An unforeseen value gets the next code; the stream takes a new dictionary then."""

    _names = pa.array([], pa.string())

    def __missing__(self, value: object) -> int:
        self[str(value)] = code = len(self)
        return code

    @property
    def names(self) -> pa.Array:
        """The values, in the order of their codes."""
        if len(self._names) < len(self):
            self._names = pa.array([str(name) for name in self], pa.string())
        return self._names


class _Stream:
    """An Arrow IPC stream in a file, which never holds a part of a batch: what cannot be written whole is cut off again."""

    def __init__(self, path: Path, schema: pa.Schema) -> None:
        self._file = path.open("wb", buffering=0)
        self._buffer = io.BytesIO()
        self._good = 0
        options = pa.ipc.IpcWriteOptions(emit_dictionary_deltas=True)
        self._writer = pa.ipc.new_stream(self._buffer, schema, options=options)

    def write(self, batch: pa.RecordBatch) -> None:
        """Write a whole batch; raises OSError, and the file is as it was before."""
        self._writer.write_batch(batch)
        self._flush()

    def close(self) -> None:
        """Write the stream's end, if there is room for it."""
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
            self._file.truncate(self._good)
            self._file.seek(self._good)
            raise
        self._good += len(data)


class Recorder:
    """One process's event log in a run's directory; `worker`: the process's number, 0 if it is not one of several."""

    def __init__(self, folder: Path, profiles: Iterable[str], worker: int = 0, batch_rows: int = BATCH_ROWS) -> None:
        self._folder = folder
        self._worker = worker
        self._batch_rows = batch_rows
        self._stem = f"events-w{worker}" if worker else Path(FILE).stem
        self._schema = schema()
        self._rows: list[Row] = []
        self.append = self._rows.append
        """Takes one Row. Call `flush_if_full` now and then, and `flush` each second."""
        self.written = 0
        self.lost = 0
        """Rows that could not be written (the disk is full, say)."""
        self._codes = {
            "profile": _Codes((name, i) for i, name in enumerate(("", *profiles))),
            "kind": _Codes((name, i) for i, name in enumerate(KINDS)),
            "outcome": _Codes((name, i) for i, name in enumerate(Outcome)),
            "reason": _Codes((name, i) for i, name in enumerate(Reason)),
            "holder": _Codes((name, i) for i, name in enumerate(Holder)),
        }
        self._streams = 0
        self._stream: _Stream | None = self._open_stream()

    def flush_if_full(self) -> None:
        """Write a batch if there are rows enough for one."""
        if len(self._rows) >= self._batch_rows:
            self.flush()

    def flush(self) -> None:
        """Write what has come in. A write that fails loses its rows, and is counted; it never stops the load."""
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
            self._end_stream()

    def close(self) -> None:
        """Write the rest and the end of the stream."""
        self.flush()
        self._end_stream()

    def _open_stream(self) -> _Stream:
        number = f"-{self._streams + 1}" if self._streams else ""
        path = self._folder / f"{self._stem}{number}.arrow"
        stream = _Stream(path, self._schema)
        self._streams += 1
        return stream

    def _end_stream(self) -> None:
        # After a failed write the next batch begins a stream of its own: dictionaries may be among what was lost.
        if self._stream:
            self._stream.close()
            self._stream = None

    def _batch(self, rows: list[Row]) -> pa.RecordBatch:
        columns = zip(*rows, strict=True)
        arrays = [self._array(field, values) for field, values in zip(self._schema, columns, strict=True)]
        return pa.RecordBatch.from_arrays(arrays, schema=self._schema)

    def _array(self, field: pa.Field, values: tuple[object, ...]) -> pa.Array:
        if field.name == "worker":
            return pa.repeat(pa.scalar(self._worker, field.type), len(values))
        # Numbers go by way of numpy, which takes them out of Python in half the time.
        codes = self._codes.get(field.name)
        if codes is not None:
            indices = np.fromiter(map(codes.__getitem__, values), np.int16, len(values))
            return pa.DictionaryArray.from_arrays(pa.array(indices), codes.names)
        if field.type == pa.string():
            return pa.array(values, field.type)
        return pa.array(np.fromiter(values, field.type.to_pandas_dtype(), len(values)))
