"""The ledger: what a process opened and closed, so that somebody else can close the rest.

One JSON array a line: `["intent", number, t]` before `new` is sent, `["open", number, id, t]` before anything else is sent
for the session, `["closed", number, t]` when it is known to be closed; `["refused", number, t]` or `["lost", number, t]` (no
answer) of a `new` that gave no session; and `["before", id]` for each session that the account had when the run began.

Each line is written through to the file before the next step, by one write of its own: it survives the death of the process,
whole or not at all but for the last line. While the process lives it holds a lock on the file.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from loadtests.model.run.manifest import SPOOL, files_of
from loadtests.model.session.session import Session

FILE = "ledger.jsonl"
FILES = "ledger*.jsonl"
SWEEP_FILE = "ledger-sweep.jsonl"
"""What a sweep closed."""

_decode = msgspec.json.Decoder(list[str | int | float]).decode
_encode = msgspec.json.Encoder().encode


class Ledger:
    """One process's ledger in a run's directory."""

    def __init__(self, folder: Path, name: str = FILE) -> None:
        self._file = os.open(folder / name, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        # What a killed process left of its last line must not spoil the first of ours.
        self._unwritten = b"\n" if _is_cut(folder / name) else b""

    def retry_writes(self) -> bool:
        """Try again what could not be written (the disk was full, say). False: it still cannot."""
        return not self._unwritten or self._write(())

    def intent(self, session: Session, t: float) -> bool:
        """`new` is about to be sent. False: that could not be written, so it must not be sent."""
        return self._write(("intent", session.number, round(t, 3)))

    def opened(self, session: Session, t: float) -> None:
        """The API's id is known."""
        self._write(("open", session.number, session.id, round(t, 3)))

    def refused(self, session: Session, t: float) -> None:
        """`new` had no effect."""
        self._write(("refused", session.number, round(t, 3)))

    def lost(self, session: Session, t: float) -> None:
        """Nobody can tell what `new` did."""
        self._write(("lost", session.number, round(t, 3)))

    def closed(self, number: int, t: float) -> None:
        """The session of that number is known to be closed."""
        self._write(("closed", number, round(t, 3)))

    def reopened(self, number: int, session_id: str, t: float) -> None:
        """The session of that number is open after all."""
        self._write(("open", number, session_id, round(t, 3)))

    def preexisting(self, session_id: str) -> None:
        """The account had this session when the run began."""
        self._write(("before", session_id))

    def close(self) -> None:
        """Close the file, and let go of it."""
        os.close(self._file)

    def _write(self, line: tuple[object, ...]) -> bool:
        data = self._unwritten + (_encode(line) + b"\n" if line else b"")
        try:
            while data:
                data = data[os.write(self._file, data) :]
        except OSError:
            pass
        # Half a line that was written is completed by the next write: nobody else appends to this file.
        self._unwritten = data
        return not data


def _is_cut(path: Path) -> bool:
    with path.open("rb") as file:
        file.seek(-min(1, path.stat().st_size), os.SEEK_END)
        return file.read(1) not in (b"", b"\n")


@dataclass
class LedgerContents:
    """What ledgers come to."""

    open: dict[int, str] = field(default_factory=dict)
    """Ids of the sessions that no ledger shows closed, by their numbers."""
    ids: dict[str, int] = field(default_factory=dict)
    """Our number of every id that was ever opened."""
    opening: dict[int, float] = field(default_factory=dict)
    """Since when a `new` is under way, by our number of the session (seconds of the run)."""
    lost: set[int] = field(default_factory=set)
    """Sessions of whose `new` nobody can tell what it did."""
    before: set[str] = field(default_factory=set)
    """What the account had when the run began."""
    closed: set[int] = field(default_factory=set)
    """Numbers that these ledgers show closed."""

    def add(self, data: bytes) -> None:
        """Take in lines; those that are damaged are passed over."""
        for line in data.splitlines():
            try:
                entry = _decode(line)
            except (msgspec.DecodeError, UnicodeDecodeError):
                continue
            self._enter(*entry)

    def _enter(self, what: object = "", key: object = 0, *rest: object) -> None:
        if what == "before" and isinstance(key, str):
            self.before.add(key)
        if not isinstance(key, int):
            return
        if what == "intent":
            self.opening[key] = float(rest[0]) if rest and isinstance(rest[0], int | float) else 0.0
            return
        self.opening.pop(key, None)
        if what == "open" and rest and isinstance(session_id := rest[0], str):
            self.open[key] = session_id
            self.ids[session_id] = key
            self.closed.discard(key)
        elif what == "lost":
            self.lost.add(key)
        elif what == "closed":
            self.open.pop(key, None)
            self.closed.add(key)

    @property
    def unanswered(self) -> int:
        """How many `new` may have opened a session whose id nobody knows."""
        return len(self.opening) + len(self.lost)

    def merge(self, other: LedgerContents) -> None:
        """Take in a later ledger's books. What it shows closed is closed, whoever opened it."""
        self.closed |= other.closed
        # … but for what it shows open again.
        self.closed -= other.open.keys()
        everything = {**self.open, **other.open}
        self.open = {number: session_id for number, session_id in everything.items() if number not in self.closed}
        self.ids |= other.ids
        self.opening |= other.opening
        self.lost |= other.lost
        self.before |= other.before


def ledgers(run: Path) -> list[Path]:
    """Each process's ledger in a run's directory, in the order in which they have a say."""
    files = files_of(run, FILES)
    return [files[name] for name in sorted(files, key=_rank)]


def _rank(name: str) -> tuple[bool, bool, str]:
    # Whoever closes what others left open has the last word: the master over its workers, a sweep over both.
    return name == SWEEP_FILE, name == FILE, name


def read_ledgers(paths: Iterable[Path]) -> LedgerContents:
    """What these ledgers, each of a process of its own, come to together; later ones have the last word. Raises OSError."""
    books = LedgerContents()
    for path in paths:
        own = LedgerContents()
        own.add(path.read_bytes())
        books.merge(own)
    return books


def is_held(run: Path) -> bool:
    """Whether a process of this machine is still writing one of the run's ledgers: the run goes on."""
    return any(map(_is_locked, (*run.glob(FILES), *(run / SPOOL).glob(FILES))))


def _is_locked(path: Path) -> bool:
    file = os.open(path, os.O_RDONLY)
    try:
        fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(file)
    return False


def left_open(path: Path) -> Iterator[tuple[int, str]]:
    """Number and id of each session that the ledger `path` does not show closed, in the order in which they opened."""
    yield from read_ledgers([path]).open.items()
