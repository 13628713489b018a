"""The checksum of a batch of the event log, which its writer stores and its reader compares."""

from __future__ import annotations

import zlib
from typing import Any

KEY = "streamsoak.crc32"
"""Name of the checksum in a batch's metadata."""


def checksum(batch: Any) -> int:
    """Returns the CRC-32 of the buffers of an Arrow RecordBatch; of a category column, of its codes."""
    value = 0
    for column in batch.columns:
        for buffer in getattr(column, "indices", column).buffers():
            value = value if buffer is None else zlib.crc32(buffer, value)
    return value
