"""How much a run writes: foretold before it starts, and looked at while it goes on."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from loadtests.model.text.input_error import EXIT_UNAVAILABLE, InputError
from loadtests.model.text.units import format_size

ARROW_BYTES = 72
"""Of an event while the run goes on (measured: 69)."""
PARQUET_BYTES = 14
"""Of an event at rest (measured: 11), which is written while the other is still there."""
LEDGER_BYTES = 140
"""Of a session: the intent, the opening with the API's id, the close."""
REPORT_BYTES = 4_000_000
"""Of the page, and whatever else a report writes."""


@dataclass(frozen=True)
class DiskNeed:
    """Bytes that a run is expected to write."""

    running: int
    """Until its load ends."""
    report: int
    """What the report adds: the log once more, sorted, and as much for sorting it."""

    @classmethod
    def of(cls, events: float, sessions: float) -> DiskNeed:
        """For so many events and sessions."""
        running = round(events * ARROW_BYTES + sessions * LEDGER_BYTES)
        return cls(running, round(events * (ARROW_BYTES + PARQUET_BYTES)) + REPORT_BYTES)

    def require_room(self, runs: Path, max_disk: int | None) -> None:
        """Raises InputError if it does not fit in the directory `runs`, or in `max_disk`, bytes."""
        if max_disk is not None and self.running > max_disk:
            said = f"is {format_size(max_disk)}, and the run is expected to write {format_size(self.running)}"
            raise InputError.of("--max-disk", f"{said}: allow it more, or shorten it")
        room, whole = free(runs), self.running + self.report
        if whole > room:
            said = f"{runs} has room for {format_size(room)}, and the run is expected to write {format_size(whole)}"
            raise InputError.of("--run-dir", f"{said}: choose another place", code=EXIT_UNAVAILABLE)


def free(folder: Path) -> int:
    """Bytes that may still be written where `folder` is, or is going to be."""
    there = folder.absolute()
    while not there.exists():
        there = there.parent
    return shutil.disk_usage(there).free


def used(folder: Path) -> int:
    """Bytes of all files below `folder`."""
    total = 0
    with os.scandir(folder) as entries:
        for entry in entries:
            total += used(Path(entry.path)) if entry.is_dir(follow_symlinks=False) else entry.stat().st_size
    return total
