"""Measures this process's memory: the record of a long run has to show that it does not grow."""

from __future__ import annotations

import psutil

_process = psutil.Process()


def resident_bytes() -> int:
    """Returns the resident memory of this process, in bytes."""
    return int(_process.memory_info().rss)
