"""Opens a run's event log as a table for SQL queries.

DuckDB does all large computations, out of core; the results are small.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import duckdb
import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from loadtests.model.log.record import VERSION
from loadtests.model.run.manifest import Manifest, files_of, read_manifest
from loadtests.model.text.input_error import InputError
from loadtests.model.text.wording import percent
from reports.log.ahead import ahead
from reports.log.attempts import VIEWS
from reports.log.compaction import compact, damage_of
from reports.log.latest import latest
from reports.log.memory import MemoryLimit, give_back, keep_little
from reports.log.row_groups import parts, read
from reports.log.scratch import make_scratch, make_temporary, remove_scratch
from reports.log.versions import events_of

STREAMS = "events*.arrow"
PARQUET = "events.parquet"
LATEST = "latest.parquet"
_END = b"\xff\xff\xff\xff\0\0\0\0"
"""The last bytes of an Arrow IPC stream that was closed."""
_LEAST_MEMORY, _MOST_MEMORY = 120_000_000, 350_000_000
"""Bytes that DuckDB may use; the rest of its tables is on the disk. A sort of a longer log needs more of them at once."""
_ROWS_AT_ONCE = 1 << 20
FEW_ROWS = 100_000
"""A log of so many events is short: all its values fit into memory."""
_MANY_ROWS = 100_000
"""From here on a result is worth giving back what it took to make it."""

T = TypeVar("T")


class EventLog:
    """A run's events. SQL queries may use the view `events`, with the columns of `model.log.record`, and those of `attempts`."""

    def __init__(
        self,
        manifest: Manifest,
        database: duckdb.DuckDBPyConnection,
        limit: MemoryLimit,
        parquet: Path,
        rows: int,
        cut: list[str],
        scratch: Path | None = None,
    ) -> None:
        self.manifest = manifest
        self._database = database
        self._limit = limit
        self._parquet = parquet
        self.rows = rows
        """The number of events."""
        self._scratch = scratch
        """The directory of temporary files, removed at the end; None: another EventLog owns it."""
        self.cut = cut
        """Streams that are not complete although the run has ended: each by its name, with how much of it is missing."""

    def frame(self, sql: str, **values: Any) -> pd.DataFrame:
        """Returns the result of a query; `$name` in it stands for a value."""
        found = self._run(lambda: self._database.execute(sql, values or None).df())
        if len(found) > _MANY_ROWS:
            give_back()
        return found

    def long_frame(self, sql: str, categories: Collection[str]) -> pd.DataFrame:
        """Returns the same for a long result with texts, in less memory: no text becomes an object, and those of the columns
        `categories`, in which few are different, are categories. No boolean may be missing.
        """
        table: pa.Table = self._run(lambda: self._database.sql(sql).to_arrow_table())
        for place, name in enumerate(table.column_names):
            if name in categories:
                table = table.set_column(place, name, table[name].dictionary_encode().unify_dictionaries())
        found: pd.DataFrame = table.to_pandas(split_blocks=True, self_destruct=True)
        del table
        give_back()
        return found

    def column(self, sql: str, **values: Any) -> npt.NDArray[np.float64]:
        """Returns a query's only column of numbers, in the least memory."""

        def fetch() -> npt.NDArray[np.float64]:
            batches = self._database.sql(sql, params=values or None).to_arrow_reader(_ROWS_AT_ONCE)
            parts = [np.asarray(batch.column(0), np.float64) for batch in batches]
            return np.concatenate(parts) if parts else np.empty(0)

        found = self._run(fetch)
        give_back()
        return found

    def row(self, sql: str, **values: Any) -> dict[str, Any]:
        """Returns the only row of a query's result; missing values are None."""
        (found,) = self.records(sql, **values)
        return found

    def records(self, sql: str, **values: Any) -> list[dict[str, Any]]:
        """Returns the rows of a short result; missing values are None."""

        def fetch() -> list[dict[str, Any]]:
            cursor = self._database.execute(sql, values or None)
            names = [column[0] for column in cursor.description or ()]
            return [dict(zip(names, found, strict=True)) for found in cursor.fetchall()]

        return self._run(fetch)

    def create_table(self, name: str, sql: str, **values: Any) -> None:
        """Stores a query's result as the table `name`."""
        self._run(lambda: self._database.execute(f"CREATE OR REPLACE TEMP TABLE {name} AS {sql}", values or None))
        give_back()

    def drop_table(self, name: str) -> None:
        """Deletes the table `name`."""
        self._run(lambda: self._database.execute(f"DROP TABLE {name}"))
        give_back()

    def insert_table(self, name: str, rows: pd.DataFrame | pa.Table, sql: str = "SELECT * FROM inpending") -> None:
        """Stores `rows`, or the result of a query in which they are the table `inpending`, as the table `name`."""
        self._execute_with(f"CREATE OR REPLACE TEMP TABLE {name} AS {sql}", rows)

    def export(self, sql: str, path: Path) -> None:
        """Writes a query's result into a Parquet file."""
        target = str(path).replace("'", "''")
        self._run(lambda: self._database.execute(f"COPY ({sql}) TO '{target}' (FORMAT parquet, COMPRESSION zstd)"))

    def append(self, name: str, rows: pa.Table) -> None:
        """Adds `rows` to the table `name`."""
        self._execute_with(f"INSERT INTO {name} SELECT * FROM inpending", rows)
        give_back()

    def _execute_with(self, sql: str, inpending: pd.DataFrame | pa.Table) -> None:
        self._database.register("inpending", inpending)
        self._run(lambda: self._database.execute(sql))
        self._database.unregister("inpending")

    def _run(self, query: Callable[[], T]) -> T:
        with interruptible():
            return self._limit.within(query)

    def row_groups(self, columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
        """Yields these columns of `events` by row group, each in the order of time; categories as dictionaries."""
        return ahead(read(self._parquet, columns, ([group] for part in parts(self._parquet) for group in part)))

    def parts(self, columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
        """Yields the same by part, each later than the one before: the rows of some row groups, one after the other."""
        return read(self._parquet, columns, parts(self._parquet))

    @contextmanager
    def second_connection(self) -> Iterator[EventLog]:
        """Yields the same events for another thread, with its own tables."""
        with self._database.cursor() as database:
            yield EventLog(self.manifest, database, self._limit, self._parquet, self.rows, self.cut)

    def close(self) -> None:
        """Closes the database, and removes temporary files."""
        self._database.close()
        if self._scratch:
            remove_scratch(self._scratch)


@contextmanager
def interruptible() -> Iterator[None]:
    """Raises KeyboardInterrupt for Ctrl-C during a query, which DuckDB reports as a RuntimeError."""
    try:
        yield
    except RuntimeError as error:
        if str(error) == "Query interrupted":
            raise KeyboardInterrupt from None
        raise


def open_log(run: Path, last: float | None = None) -> EventLog:
    """Opens the log in the directory `run`, or its last seconds, and keeps its sorted copy there.

    Raises InputError if there is no log that can be read.
    """
    return _open(run, _checked_manifest(run), make_scratch(run), run / PARQUET, last)


def open_log_read_only(run: Path) -> EventLog:
    """Opens the log in the directory `run`, and writes nothing there.

    Raises InputError if there is no log that can be read.
    """
    manifest, scratch = _checked_manifest(run), make_temporary()
    return _open(run, manifest, scratch, run / PARQUET if (run / PARQUET).exists() else scratch / PARQUET)


def _checked_manifest(run: Path) -> Manifest:
    manifest = read_manifest(run)
    if manifest.version > VERSION:
        raise InputError.of(
            run, f"has event records of version {manifest.version}; this program reads up to {VERSION}: use a newer one"
        )
    return manifest


def _open(run: Path, manifest: Manifest, scratch: Path, kept: Path, last: float | None = None) -> EventLog:
    try:
        return _opened(run, manifest, scratch, kept, last)
    except BaseException:
        remove_scratch(scratch)
        raise


def _opened(run: Path, manifest: Manifest, scratch: Path, kept: Path, last: float | None) -> EventLog:
    database = _connect(scratch)
    parquet = _compacted(run, kept, scratch, is_over=manifest.ended is not None)
    cut = [] if manifest.ended is None else _incomplete(run, parquet)
    memory = min(max(parquet.stat().st_size // 5, _LEAST_MEMORY), _MOST_MEMORY)
    try:
        limit = MemoryLimit(database, memory)
        if last is not None:
            manifest, parquet = latest(database, parquet, manifest, last, scratch / LATEST), scratch / LATEST
        # Some hundred queries read a short log; from a table each of them takes a quarter less.
        rows = pq.read_metadata(parquet).num_rows
        database.execute(f"CREATE {'TABLE' if rows <= FEW_ROWS else 'VIEW'} events AS {events_of(parquet)}")
        for view in VIEWS:
            database.execute(view)
    except (duckdb.Error, pa.ArrowException, OSError) as error:
        raise damaged(parquet) from error
    return EventLog(manifest, database, limit, parquet, rows, cut, scratch)


def damaged(parquet: Path) -> InputError:
    """Returns the error for an event log that cannot be read. The reader's own words would speak of pages and queries."""
    streams = any(parquet.parent.glob("events*.arrow"))
    remedy = "delete it, and it is made again from events*.arrow" if streams else "copy it from where the run was made"
    return InputError.of(parquet, f"is damaged or was cut off; {remedy}")


def check_whole(run: Path) -> None:
    """Raises InputError if the run's events.parquet cannot be read to its end."""
    parquet = run / PARQUET
    if not parquet.is_file():
        return
    try:
        with pq.ParquetFile(parquet) as file:
            for group in range(file.num_row_groups):
                file.read_row_group(group)
    except (pa.ArrowException, OSError):
        raise damaged(parquet) from None


def _connect(scratch: Path) -> duckdb.DuckDBPyConnection:
    keep_little()
    database = duckdb.connect(
        config={
            "autoinstall_known_extensions": "false",
            "autoload_known_extensions": "false",
            "memory_limit": f"{_MOST_MEMORY}B",
            "threads": "2",
            "temp_directory": str(scratch / "duckdb"),
        }
    )
    database.execute("SET preserve_insertion_order = false")
    # Some eighty queries read the same file.
    database.execute("SET parquet_metadata_cache = true")
    return database


def _compacted(run: Path, kept: Path, scratch: Path, *, is_over: bool) -> Path:
    """Returns the log as Parquet. While a run goes on, its streams are compacted again for each report."""
    streams = _streams(run)
    if kept.exists() and not (streams and _is_older(kept, streams, is_over=is_over)):
        return kept
    if not streams:
        raise InputError.of(run, f"holds no events: neither {PARQUET} nor {STREAMS}")
    target = kept if is_over and kept.parent == run else scratch / PARQUET
    compact(streams, target)
    return target


def _streams(run: Path) -> list[Path]:
    """The streams of all processes."""
    files = files_of(run, STREAMS)
    return [files[name] for name in sorted(files)]


def _incomplete(run: Path, parquet: Path) -> list[str]:
    """Describes the streams without an end marker, and those of which a part could not be read."""
    damaged = damage_of(parquet)
    names = {
        name: f"{name}: {percent(unread / size)} of it could not be read" for name, (unread, size) in damaged.items()
    }
    names |= {path.name: names.get(path.name, path.name) for path in _streams(run) if not _is_closed(path)}
    return [names[name] for name in sorted(names)]


def _is_closed(path: Path) -> bool:
    with path.open("rb") as stream:
        stream.seek(max(0, path.stat().st_size - len(_END)))
        return stream.read() == _END


def _is_older(kept: Path, streams: list[Path], *, is_over: bool) -> bool:
    """Whether the run goes on, or a stream is newer than the Parquet file."""
    return not is_over or any(path.stat().st_mtime > kept.stat().st_mtime for path in streams)
