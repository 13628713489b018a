"""Estimates disk use before a run and measures it during one."""

from __future__ import annotations

import contextlib
import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from loadtests.model.text.input_error import EXIT_UNAVAILABLE, InputError
from loadtests.model.text.units import format_size

ARROW_BYTES = 72
"""Of one event while the run goes on (measured: 69)."""
PARQUET_BYTES = 14
"""Of one event in the compacted log (measured: 11), which is written before the first is deleted."""
LEDGER_BYTES = 140
"""Of one session: its intent, its opening with the API's id, its close."""
REPORT_BYTES = 4_000_000
"""Of the report's page and other files."""


@dataclass(frozen=True)
class DiskNeed:
    """An estimate of the bytes that a run writes."""

    running: int
    """Until the load ends."""
    report: int
    """What the report adds: the sorted log, and temporary files of the same size."""

    @classmethod
    def of(cls, events: float, sessions: float) -> DiskNeed:
        """Returns the estimate for this number of events and sessions."""
        running = round(events * ARROW_BYTES + sessions * LEDGER_BYTES)
        return cls(running, round(events * (ARROW_BYTES + PARQUET_BYTES)) + REPORT_BYTES)

    def require_room(self, runs: Path, max_disk: int | None) -> None:
        """Raises InputError if the run does not fit into the directory `runs` or into `max_disk` bytes."""
        if max_disk is not None and self.running > max_disk:
            reason = f"is {format_size(max_disk)}, but the run is expected to write {format_size(self.running)}"
            raise InputError.of("--max-disk", f"{reason}: raise it or shorten the run")
        available, total = free(runs), self.running + self.report
        if total > available:
            reason = f"{runs} has {format_size(available)} left, but the run is expected to write {format_size(total)}"
            raise InputError.of("--run-dir", f"{reason}: choose another directory", code=EXIT_UNAVAILABLE)


def free(folder: Path) -> int:
    """Returns the free bytes on the disk of `folder`, which need not exist."""
    existing = folder.absolute()
    while not existing.exists():
        existing = existing.parent
    return shutil.disk_usage(existing).free


def used(folder: Path) -> int:
    """Returns the bytes of all files below `folder`; files and folders that vanish meanwhile count as 0."""
    total = 0
    with contextlib.suppress(FileNotFoundError, NotADirectoryError), os.scandir(folder) as entries:
        for entry in entries:
            with contextlib.suppress(FileNotFoundError):
                is_folder = entry.is_dir(follow_symlinks=False)
                total += used(Path(entry.path)) if is_folder else entry.stat(follow_symlinks=False).st_size
    return total
