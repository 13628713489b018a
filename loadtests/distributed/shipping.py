"""Copies a worker's growing files to the master, as chunks of bytes at an offset.

    worker  ── Chunk(file, offset, data) ──▶ master     appends what it does not have yet
            ◀── Acknowledgement(file, length) ──        has the file up to here

Chunks may be lost or arrive twice: the master's copy is always a prefix of the worker's file, so the spooled file can replace it
at any time. The transport is not known here.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

CHUNK_BYTES = 256 * 1024
MAX_IN_FLIGHT = 16
"""Chunks without an acknowledgement, at most: Locust drops messages when thousands are queued."""
_RESEND_SECONDS = 5.0

_NAME = re.compile(r"(?:events|ledger)-w(\d{1,9})(?:-\d{1,9})?\.(?:arrow|jsonl)")


class Chunk(NamedTuple):
    """A part of a worker's file."""

    file: str
    offset: int
    data: bytes


class Acknowledgement(NamedTuple):
    """How many bytes of a file the master has."""

    file: str
    length: int


@dataclass
class _Progress:
    size: int = 0
    """Bytes in the file when it was last read."""
    sent: int = 0
    acknowledged: int = 0
    since: float = 0.0
    """When the last acknowledgement of more bytes came, or when the file grew after all had been acknowledged."""
    resent: float = 0.0
    """When the unacknowledged bytes were last sent again."""


@dataclass
class Shipper:
    """The worker's side: sends the files of worker number `worker` in the spool `folder`."""

    folder: Path
    worker: int
    send: Callable[[Chunk], bool]
    """Returns False if the chunk cannot be sent now."""
    now: Callable[[], float]
    _files: dict[str, _Progress] = field(default_factory=dict)

    def ship(self) -> None:
        """Sends new bytes, and again those without an acknowledgement for too long."""
        for path in self._paths():
            progress = self._files.setdefault(path.name, _Progress(since=self.now()))
            self._ship_file(path, progress)

    def acknowledge(self, acknowledgement: Acknowledgement) -> None:
        """Records how much of a file the master has."""
        progress = self._files.setdefault(acknowledgement.file, _Progress())
        if acknowledgement.length > progress.acknowledged:
            progress.acknowledged, progress.since = acknowledgement.length, self.now()
        progress.sent = max(progress.sent, progress.acknowledged)

    @property
    def sizes(self) -> dict[str, int]:
        """The files and their lengths in bytes."""
        return {path.name: path.stat().st_size for path in self._paths()}

    def has_arrived(self, name: str, size: int) -> bool:
        """Whether the master has the first `size` bytes of a file."""
        return self._files.get(name, _Progress()).acknowledged >= size

    @property
    def stalled_seconds(self) -> float:
        """Seconds since the last progress."""
        return self.now() - max((progress.since for progress in self._files.values()), default=0.0)

    @property
    def is_done(self) -> bool:
        """Whether the master has everything."""
        return all(self.has_arrived(name, size) for name, size in self.sizes.items())

    def clear(self) -> None:
        """Deletes the files from the spool."""
        for path in self._paths():
            path.unlink(missing_ok=True)

    def _ship_file(self, path: Path, progress: _Progress) -> None:
        idle_since = max(progress.since, progress.resent)
        if progress.sent > progress.acknowledged and self.now() - idle_since > _RESEND_SECONDS:
            progress.sent, progress.resent = progress.acknowledged, self.now()
        file = os.open(path, os.O_RDONLY)
        try:
            size = os.fstat(file).st_size
            if progress.acknowledged >= progress.size < size:
                progress.since = self.now()
            progress.size = size
            while progress.sent - progress.acknowledged < MAX_IN_FLIGHT * CHUNK_BYTES:
                data = os.pread(file, CHUNK_BYTES, progress.sent)
                if not data:
                    return
                if not self.send(Chunk(path.name, progress.sent, data)):
                    return
                progress.sent += len(data)
        finally:
            os.close(file)

    def _paths(self) -> Iterator[Path]:
        # Ledgers first: the master needs them to close sessions.
        for path in sorted(self.folder.glob(f"*-w{self.worker}[-.]*"), reverse=True):
            if worker_of(path.name) == self.worker:
                yield path


class ConfirmedTime:
    """The time until which the master knows everything that a growing file records."""

    def __init__(self, shipper: Shipper, file: str) -> None:
        self._shipper = shipper
        self._file = file
        self._size, self._pending = 0, 0.0
        self._confirmed = 0.0

    def update(self, known_until: float) -> float:
        """Takes the time until which the file is complete now, and returns that until which the master's copy is."""
        if self._shipper.has_arrived(self._file, self._size):
            self._confirmed = self._pending
            self._size, self._pending = (self._shipper.folder / self._file).stat().st_size, known_until
        return self._confirmed


@dataclass
class Receiver:
    """The master's side: writes copies into the run's directory `folder`, and calls `on_ledger` with new bytes of a ledger."""

    folder: Path
    on_ledger: Callable[[int, bytes], None]
    _lengths: dict[str, int] = field(default_factory=dict)

    def receive(self, worker: int, chunk: Chunk) -> Acknowledgement:
        """Appends the new bytes of a chunk, and returns how much of the file the master has.

        Raises ValueError if the file does not belong to that worker.
        """
        if worker_of(chunk.file) != worker:
            raise ValueError(f"{chunk.file!r} is not a file of worker {worker}")
        length = self._lengths.get(chunk.file, 0)
        new = chunk.data[max(0, length - chunk.offset) :] if chunk.offset <= length else b""
        if new and self._append(chunk.file, length, new):
            self._lengths[chunk.file] = length + len(new)
            if chunk.file.startswith("ledger"):
                self.on_ledger(worker, new)
        return Acknowledgement(chunk.file, self._lengths.get(chunk.file, 0))

    def has_all(self, sizes: dict[str, int]) -> bool:
        """Whether files of these lengths have arrived completely."""
        return all(self._lengths.get(name, 0) >= size for name, size in sizes.items())

    def _append(self, name: str, at: int, data: bytes) -> bool:
        """Returns whether all of it could be written."""
        try:
            file = os.open(self.folder / name, os.O_WRONLY | os.O_CREAT, 0o600)
        except OSError:
            return False
        try:
            return os.pwrite(file, data, at) == len(data)
        except OSError:
            return False
        finally:
            os.close(file)


def worker_of(name: str) -> int | None:
    """Returns the number of the worker that a file of this name belongs to, or None."""
    match = _NAME.fullmatch(name)
    return int(match[1]) if match else None
