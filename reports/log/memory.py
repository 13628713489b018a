"""Memory that is no longer used goes back to the system: a long run's analysis needs it for something else."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import duckdb
import pyarrow as pa

_GROWTH, _MOST_BYTES = 1.5, 2_000_000_000

T = TypeVar("T")


class MemoryLimit:
    """What DuckDB may use, in bytes: little, because it keeps what it was allowed to; more for queries that need it."""

    def __init__(self, database: duckdb.DuckDBPyConnection, number: int) -> None:
        self._database = database
        self._bytes = 0.0
        self._set(number)

    def within(self, query: Callable[[], T]) -> T:
        """Returns what `query` returns; tries again with more memory if it needs more. Raises duckdb.OutOfMemoryException."""
        while True:
            before = self._bytes
            try:
                return query()
            except duckdb.OutOfMemoryException:
                if before >= _MOST_BYTES:
                    raise
                # Another thread may have raised it meanwhile.
                self._set(max(self._bytes, before * _GROWTH))

    def _set(self, number: float) -> None:
        self._bytes = number
        self._database.execute(f"SET memory_limit = '{number:.0f}B'")


def keep_little() -> None:
    """Lets pyarrow use the C library's allocator: its own keeps what threads have freed, 100 MB of a long log."""
    pa.set_memory_pool(pa.system_memory_pool())


def give_back() -> None:
    """Returns what the C library keeps for later, which takes some milliseconds."""
    pa.system_memory_pool().release_unused()
