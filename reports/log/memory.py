"""Memory that is no longer used goes back to the system: a long run's analysis needs it for something else."""

from __future__ import annotations

import pyarrow as pa


def keep_little() -> None:
    """Lets pyarrow use the C library's allocator: its own keeps what threads have freed, 100 MB of a long log."""
    pa.set_memory_pool(pa.system_memory_pool())


def give_back() -> None:
    """Returns what the C library keeps for later, which takes some milliseconds."""
    pa.system_memory_pool().release_unused()
