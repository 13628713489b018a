"""How much memory this process holds: a run that lasts for hours has to show that its own stays flat."""

from __future__ import annotations

import psutil

_process = psutil.Process()


def resident_bytes() -> int:
    """Bytes of this process that are in memory."""
    return int(_process.memory_info().rss)
