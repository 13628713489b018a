"""When the recording's file is full, and which old files are deleted."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from pathlib import Path

STREAMS = "events*.arrow"


@dataclass(frozen=True)
class Rotation:
    """How long and how large a file becomes, and how long it is kept."""

    seconds: float = 3600.0
    size: int = 256_000_000
    """Bytes."""
    keep_seconds: float = 7 * 86_400.0

    def is_due(self, age: float, size: int) -> bool:
        """Whether a file of this age in seconds and this size in bytes is full; one without a row never is."""
        return size > 0 and (age >= self.seconds or size >= self.size)

    def delete_old(self, folder: Path, now: float) -> list[str]:
        """Deletes the files whose last row is too old, and returns their names; `now` in seconds since 1970."""
        files = sorted(folder.glob(STREAMS), key=_written)
        # The newest is the one that is being written.
        old = [path for path in files[:-1] if now - _written(path) > self.keep_seconds]
        for path in old:
            with contextlib.suppress(OSError):
                path.unlink()
        return [path.name for path in old]


def _written(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0
