"""What each process uses, every few seconds: memory of its own, open files, threads."""

from __future__ import annotations

import contextlib
import csv
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

import psutil

EVERY_SECONDS = 10.0


class Sample(NamedTuple):
    """One look at one process."""

    t: float
    """Seconds since the first look."""
    process: str
    memory: float
    """Bytes that no other process shares (USS)."""
    files: float
    """Open file descriptors."""
    threads: float
    cpu: float
    """Seconds of CPU time since it started."""


def look(t: float, processes: Mapping[str, list[int]]) -> Iterator[Sample]:
    """Yields a sample of each; several ids are added up. None of one that has ended: its sum would be a step down."""
    for name, pids in processes.items():
        with contextlib.suppress(psutil.Error):
            yield _sum(t, name, [_look(pid) for pid in pids])


def write(samples: list[Sample], path: Path) -> None:
    """The samples as a CSV file, for whoever wants to draw them."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(Sample._fields)
        writer.writerows(samples)


def _look(pid: int) -> tuple[float, ...]:
    process = psutil.Process(pid)
    memory = process.memory_full_info().uss
    return memory, process.num_fds(), process.num_threads(), sum(process.cpu_times()[:2])


def _sum(t: float, name: str, looks: list[tuple[float, ...]]) -> Sample:
    memory, files, threads, cpu = map(sum, zip(*looks, strict=True))
    return Sample(t, name, memory, files, threads, cpu)
