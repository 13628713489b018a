"""Ships a worker's files to the master as they grow: bytes at an offset, so that what is sent twice falls out by itself.

    worker  ── Parcel(file, offset, data) ──▶ master     appends what it does not have yet
            ◀── Receipt(file, length) ──────             has the file up to here

The master's copy is always the beginning of the worker's file, whatever was lost or came twice on the way; a file that was
only spooled can take its place at any time. What a parcel is sent through is not known here.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

PARCEL_BYTES = 256 * 1024
MOST_UNDERWAY = 16
"""Parcels without a receipt, at most: Locust's messages are lost when thousands wait in a queue."""
_RESEND_SECONDS = 5.0

_NAME = re.compile(r"(?:events|ledger)-w(\d{1,9})(?:-\d{1,9})?\.(?:arrow|jsonl)")


class Parcel(NamedTuple):
    """A part of a worker's file."""

    file: str
    offset: int
    data: bytes


class Receipt(NamedTuple):
    """What the master has."""

    file: str
    length: int


@dataclass
class _Progress:
    size: int = 0
    """Bytes that the file had when it was last looked at."""
    sent: int = 0
    received: int = 0
    since: float = 0.0
    """When the last receipt came that told of more, or, all having been received, the file grew."""
    again: float = 0.0
    """When sending was begun anew."""


@dataclass
class Shipper:
    """The worker's side: the files of worker number `worker` in the spool `folder`."""

    folder: Path
    worker: int
    send: Callable[[Parcel], bool]
    """False: it could not go now."""
    now: Callable[[], float]
    _files: dict[str, _Progress] = field(default_factory=dict)

    def ship(self) -> None:
        """Send what has grown, and again what has no receipt for long."""
        for path in self._paths():
            progress = self._files.setdefault(path.name, _Progress(since=self.now()))
            self._ship_file(path, progress)

    def received(self, receipt: Receipt) -> None:
        """The master has told what it has."""
        progress = self._files.setdefault(receipt.file, _Progress())
        if receipt.length > progress.received:
            progress.received, progress.since = receipt.length, self.now()
        progress.sent = max(progress.sent, progress.received)

    @property
    def sizes(self) -> dict[str, int]:
        """The files and their lengths in bytes."""
        return {path.name: path.stat().st_size for path in self._paths()}

    def has_arrived(self, name: str, size: int) -> bool:
        """Whether the master has the first `size` bytes of a file."""
        return self._files.get(name, _Progress()).received >= size

    @property
    def silence(self) -> float:
        """Seconds since a receipt told of anything new."""
        return self.now() - max((progress.since for progress in self._files.values()), default=0.0)

    @property
    def is_done(self) -> bool:
        """Whether the master has everything."""
        return all(self.has_arrived(name, size) for name, size in self.sizes.items())

    def clear(self) -> None:
        """The master has everything: the spool is not needed any more."""
        for path in self._paths():
            path.unlink(missing_ok=True)

    def _ship_file(self, path: Path, progress: _Progress) -> None:
        if progress.sent > progress.received and self.now() - max(progress.since, progress.again) > _RESEND_SECONDS:
            progress.sent, progress.again = progress.received, self.now()
        file = os.open(path, os.O_RDONLY)
        try:
            size = os.fstat(file).st_size
            if progress.received >= progress.size < size:
                progress.since = self.now()
            progress.size = size
            while progress.sent - progress.received < MOST_UNDERWAY * PARCEL_BYTES:
                data = os.pread(file, PARCEL_BYTES, progress.sent)
                if not data:
                    return
                if not self.send(Parcel(path.name, progress.sent, data)):
                    return
                progress.sent += len(data)
        finally:
            os.close(file)

    def _paths(self) -> Iterator[Path]:
        # Ledgers first: what was opened matters more than what was seen.
        for path in sorted(self.folder.glob(f"*-w{self.worker}[-.]*"), reverse=True):
            if worker_of(path.name) == self.worker:
                yield path


class Confirmed:
    """Until when the master knows of everything in a file that only grows: as of the last length that has arrived."""

    def __init__(self, shipper: Shipper, file: str) -> None:
        self._shipper = shipper
        self._file = file
        self._size, self._then = 0, 0.0
        self._confirmed = 0.0

    def at(self, known_until: float) -> float:
        """What is true of the file now is true until `known_until`; until when the master knows that."""
        if self._shipper.has_arrived(self._file, self._size):
            self._confirmed = self._then
            self._size, self._then = (self._shipper.folder / self._file).stat().st_size, known_until
        return self._confirmed


@dataclass
class Receiver:
    """The master's side: copies in the run's directory `folder`. `read` is told of each new part of a ledger."""

    folder: Path
    read: Callable[[int, bytes], None]
    _lengths: dict[str, int] = field(default_factory=dict)

    def receive(self, worker: int, parcel: Parcel) -> Receipt:
        """Keep what is new of a parcel; what the master has of that file now.

        Raises ValueError where the file is not one of that worker's.
        """
        if worker_of(parcel.file) != worker:
            raise ValueError(f"{parcel.file!r} is no file of worker {worker}")
        length = self._lengths.get(parcel.file, 0)
        new = parcel.data[max(0, length - parcel.offset) :] if parcel.offset <= length else b""
        if new and self._append(parcel.file, length, new):
            self._lengths[parcel.file] = length + len(new)
            if parcel.file.startswith("ledger"):
                self.read(worker, new)
        return Receipt(parcel.file, self._lengths.get(parcel.file, 0))

    def lacks(self, sizes: dict[str, int]) -> bool:
        """Whether anything of files of these lengths has not come."""
        return any(self._lengths.get(name, 0) < size for name, size in sizes.items())

    def _append(self, name: str, at: int, data: bytes) -> bool:
        """Whether all of it could be written."""
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
    """The number of the worker whose file has that name; None: it is no worker's."""
    match = _NAME.fullmatch(name)
    return int(match[1]) if match else None
