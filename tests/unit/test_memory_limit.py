"""A query that needs more memory than DuckDB was allowed gets more; one that never has enough fails."""

from __future__ import annotations

from collections.abc import Iterator

import duckdb
import pytest

from reports.log import memory
from reports.log.memory import MemoryLimit

_ROWS = 2_000_000
# A list cannot be spilled to the disk.
_LARGE = f"SELECT len(list(range)) AS n FROM range({_ROWS})"


@pytest.fixture
def database() -> Iterator[duckdb.DuckDBPyConnection]:
    """A database in memory, without a place on the disk."""
    with duckdb.connect(config={"threads": "1", "temp_directory": ""}) as connection:
        yield connection


def _answer(database: duckdb.DuckDBPyConnection) -> list[tuple[int, ...]]:
    return database.execute(_LARGE).fetchall()


def test_a_query_gets_the_memory_that_it_needs(database: duckdb.DuckDBPyConnection) -> None:
    """It fails with 10 MB, and succeeds within a limit that begins there."""
    limit = MemoryLimit(database, 10_000_000)
    with pytest.raises(duckdb.OutOfMemoryException):
        _answer(database)
    assert limit.within(lambda: _answer(database)) == [(_ROWS,)]


def test_a_query_that_needs_too_much_fails(
    database: duckdb.DuckDBPyConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After the last attempt, with the most that it may have."""
    monkeypatch.setattr(memory, "_MOST_BYTES", 15_000_000)
    limit = MemoryLimit(database, 10_000_000)
    with pytest.raises(duckdb.OutOfMemoryException):
        limit.within(lambda: _answer(database))
