"""The ledger: which sessions a process opened and closed, so that another process can close the rest.

One JSON array a line, with session numbers and seconds of the run:

    ["intent", number, t]     before `new` is sent
    ["open", number, id, t]   before anything else is sent for the session; a fifth part has the values of answers that the
                              API's `stop` needs, by name (never a token)
    ["closed", number, t]     when the session is known to be closed
    ["refused", number, t]    `new` had no effect
    ["lost", number, t]       `new` got no answer
    ["before", id]            a session that the account had when the run began

Each line is written to the file before the next request, with a single write. Lines survive the death of the process; only the
last can be incomplete. The process holds a lock on the file while it lives.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Iterable, Set
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from loadtests.model.api.description.template import TOKEN
from loadtests.model.run.manifest import SPOOL, files_of
from loadtests.model.session.session import Session

FILE = "ledger.jsonl"
FILES = "ledger*.jsonl"
SWEEP_FILE = "ledger-sweep.jsonl"
"""Written by a sweep: what it closed."""

_CHUNK_BYTES = 1 << 16
"""Read at once: about a thousand lines."""

_decode = msgspec.json.Decoder(list[str | int | float | dict[str, str]]).decode
_encode = msgspec.json.Encoder().encode


class Ledger:
    """One process's ledger in a run's directory."""

    def __init__(self, folder: Path, name: str = FILE) -> None:
        self._file = os.open(folder / name, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        # Ends the incomplete last line of a killed process, so that it does not corrupt the first new one.
        self._unwritten = b"\n" if _ends_in_partial_line(folder / name) else b""

    def retry_writes(self) -> bool:
        """Retries what could not be written (if the disk was full, for example); returns whether all is written."""
        return not self._unwritten or self._write(())

    def intent(self, session: Session, t: float) -> bool:
        """Records that `new` is about to be sent. Returns False if it could not be written: `new` must not be sent then."""
        return self._write(("intent", session.number, round(t, 3)))

    def opened(self, session: Session, t: float) -> None:
        """Records the API's id of `session`."""
        kept = {name: value for name, value in (session.kept or {}).items() if name != TOKEN}
        self._write(("open", session.number, session.id, round(t, 3), *((kept,) if kept else ())))

    def refused(self, session: Session, t: float) -> None:
        """Records that `new` had no effect."""
        self._write(("refused", session.number, round(t, 3)))

    def lost(self, session: Session, t: float) -> None:
        """Records that the effect of `new` is unknown."""
        self._write(("lost", session.number, round(t, 3)))

    def closed(self, number: int, t: float) -> None:
        """Records that a session is closed."""
        self._write(("closed", number, round(t, 3)))

    def reopened(self, number: int, session_id: str, t: float) -> None:
        """Records that a session is open although it was recorded as closed."""
        self._write(("open", number, session_id, round(t, 3)))

    def preexisting(self, session_id: str) -> None:
        """Records a session that the account had when the run began."""
        self._write(("before", session_id))

    def close(self) -> None:
        """Closes the file and releases its lock."""
        os.close(self._file)

    def _write(self, line: tuple[object, ...]) -> bool:
        data = self._unwritten + (_encode(line) + b"\n" if line else b"")
        try:
            while data:
                data = data[os.write(self._file, data) :]
        except OSError:
            pass
        # A partly written line is completed by the next write: no other process appends to this file.
        self._unwritten = data
        return not data


def _ends_in_partial_line(path: Path) -> bool:
    with path.open("rb") as file:
        file.seek(-min(1, path.stat().st_size), os.SEEK_END)
        return file.read(1) not in (b"", b"\n")


@dataclass
class LedgerContents:
    """The state that the lines of one or more ledgers add up to."""

    open: dict[int, str] = field(default_factory=dict)
    """Ids of the sessions that are not recorded as closed, by number."""
    ids: dict[str, int] = field(default_factory=dict)
    """Session numbers by id, of all sessions ever opened."""
    opening: dict[int, float] = field(default_factory=dict)
    """When each `new` without an answer was sent, in seconds of the run, by number."""
    lost: set[int] = field(default_factory=set)
    """Numbers whose `new` got no answer."""
    preexisting: set[str] = field(default_factory=set)
    """Ids of the sessions that the account had when the run began."""
    kept: dict[str, dict[str, str]] = field(default_factory=dict)
    """Values of answers that later calls need, by session id."""
    closed: set[int] = field(default_factory=set)
    """Numbers that are recorded as closed."""

    def feed(self, data: bytes) -> None:
        """Parses and applies complete lines; damaged ones are skipped."""
        for line in data.splitlines():
            try:
                entry = _decode(line)
            except (msgspec.DecodeError, UnicodeDecodeError):
                continue
            self._apply(*entry)

    def forget(self, numbers: Set[int]) -> None:
        """Forgets everything about the sessions in `numbers` that are recorded as closed."""
        gone = numbers & self.closed
        if gone:
            self.ids = {session_id: number for session_id, number in self.ids.items() if number not in gone}
            self.kept = {session_id: kept for session_id, kept in self.kept.items() if session_id in self.ids}
            self.closed -= gone
            self.lost -= gone

    def _apply(self, event: object = "", key: object = 0, *rest: object) -> None:
        if event == "before" and isinstance(key, str):
            self.preexisting.add(key)
        if not isinstance(key, int):
            return
        if event == "intent":
            self.opening[key] = float(rest[0]) if rest and isinstance(rest[0], int | float) else 0.0
            return
        self.opening.pop(key, None)
        if event == "open" and rest and isinstance(session_id := rest[0], str):
            self.open[key] = session_id
            self.ids[session_id] = key
            if isinstance(rest[-1], dict):
                self.kept[session_id] = rest[-1]
            self.closed.discard(key)
        elif event == "lost":
            self.lost.add(key)
        elif event == "closed":
            self.open.pop(key, None)
            self.closed.add(key)

    @property
    def unanswered(self) -> int:
        """How many `new` may have opened a session whose id is unknown."""
        return len(self.opening) + len(self.lost)

    def merge(self, other: LedgerContents) -> None:
        """Applies a later ledger, which may close or reopen sessions of an earlier one."""
        self.closed = (self.closed | other.closed) - other.open.keys()
        opened = {**self.open, **other.open}
        self.open = {number: session_id for number, session_id in opened.items() if number not in self.closed}
        self.ids |= other.ids
        self.kept |= other.kept
        self.opening |= other.opening
        self.lost |= other.lost
        self.preexisting |= other.preexisting


def ledgers(run: Path) -> list[Path]:
    """Returns each process's ledger in a run's directory, in the order in which to apply them."""
    files = files_of(run, FILES)
    return [files[name] for name in sorted(files, key=_rank)]


def _rank(name: str) -> tuple[bool, bool, str]:
    # A ledger that closes other processes' sessions comes after theirs: the master's after its workers', a sweep's last.
    return name == SWEEP_FILE, name == FILE, name


def read_ledgers(paths: Iterable[Path], pause: Callable[[], None] = lambda: None) -> LedgerContents:
    """Returns the combined contents of these ledgers, applied in order. Raises OSError.

    `pause` is called every few milliseconds: a process that generates load must not stop for as long as a large ledger takes.
    """
    combined = LedgerContents()
    for path in paths:
        contents, rest = LedgerContents(), b""
        with path.open("rb") as file:
            while data := file.read(_CHUNK_BYTES):
                lines, newline, rest = (rest + data).rpartition(b"\n")
                contents.feed(lines + newline)
                pause()
        contents.feed(rest)
        combined.merge(contents)
    return combined


def is_held(run: Path) -> bool:
    """Whether a process of this machine holds the lock of one of the run's ledgers: the run is still going on."""
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
