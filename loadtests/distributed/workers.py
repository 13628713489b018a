"""The workers of a run, as their master knows them: who is there, what they opened, what has come of their files.

A worker holds its sessions by a *lease*: each pulse that the master answers renews it. A worker that has had no answer for
`LEASE_SECONDS` closes what it has and ends; the master, which heard of it at least as lately, waits a little longer and then
closes by the ledger what that worker had open. So a session is never used by the one while the other closes it.
"""

from __future__ import annotations

import contextlib
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path

import msgspec

from loadtests.distributed.shipping import Parcel, Receipt, Receiver
from loadtests.model.log.record import Observation
from loadtests.model.run.manifest import SPOOL
from loadtests.model.session.session import Session
from loadtests.observing.observer import ListSnapshot
from loadtests.recording.ledger import LedgerContents, read_ledgers
from loadtests.run.process import ledger_file
from loadtests.run.run import OtherProcesses
from loadtests.run.snapshot import ProcessSnapshot

LEASE_SECONDS = 15.0
_GRACE_SECONDS = 2.0
_UNWRITTEN_SECONDS = 10.0
"""What the list showed a worker so long before it was last heard of has been written down by it, and has come here."""


class DrainReport(msgspec.Struct):
    """What a worker says when its share is drained."""

    left_open: int = 0
    lost_events: int = 0
    defects: int = 0
    sizes: dict[str, int] = {}
    """Its files and their lengths in bytes."""


class WorkerState(Enum):
    """Where a worker is."""

    HERE = 0
    LOST = 1
    """Not heard of; it may come back while its lease lasts."""
    CLOSED = 2
    """Its lease has run out, and its sessions are the master's."""
    DRAINED = 3
    """It has closed everything, and told its account."""


@dataclass
class Worker:
    """One worker."""

    number: int
    heard: float
    """When it was last heard of, in seconds of the run."""
    standing: WorkerState = WorkerState.HERE
    pulse: ProcessSnapshot | None = None
    books: LedgerContents = field(default_factory=LedgerContents)
    rest: bytes = b""
    """Of a line of its ledger, whose end has not come yet."""
    account: DrainReport = field(default_factory=DrainReport)
    looks: deque[ListSnapshot] = field(default_factory=deque)
    """What the list showed lately, which the worker may not have written down before it was lost."""

    @property
    def is_away(self) -> bool:
        """Whether it cannot write down what the list shows of its sessions."""
        return self.standing in (WorkerState.LOST, WorkerState.CLOSED)


class Workers(OtherProcesses):
    """The workers of the run in `folder`, by number.

    `now` is the run's clock; `relay` shows all of them a look; `observe` writes down, with its kind, value and time, what the
    list shows of a session whose worker is away.
    """

    def __init__(
        self,
        folder: Path,
        now: Callable[[], float],
        relay: Callable[[ListSnapshot], None],
        observe: Callable[[Observation, Session, float, float], None],
    ) -> None:
        self._folder = folder
        self._now = now
        self._relay = relay
        self._observe = observe
        self._receiver = Receiver(folder, self._read)
        self.members: dict[int, Worker] = {}

    def join(self, number: int) -> None:
        """A worker takes part."""
        self.members.setdefault(number, Worker(number, self._now()))

    def drop(self, number: int) -> None:
        """A worker does not take part after all."""
        self.members.pop(number, None)

    def heard(self, number: int, pulse: ProcessSnapshot) -> bool:
        """A worker's pulse. False: it is not to go on, since its lease has run out."""
        member = self.members.get(number)
        if member is None or member.standing in (WorkerState.CLOSED, WorkerState.DRAINED):
            return False
        member.pulse, member.heard = pulse, self._now()
        return True

    def take(self, number: int, parcel: Parcel) -> Receipt:
        """A part of a worker's file. Raises ValueError where it is not one of that worker's."""
        self.join(number)
        return self._receiver.take(number, parcel)

    def drained(self, number: int, account: DrainReport) -> None:
        """A worker has closed everything."""
        self.join(number)
        self.members[number].account = account
        self.members[number].standing = WorkerState.DRAINED

    def lose(self, number: int) -> Worker:
        """A worker is not heard of any more."""
        member = self.members[number]
        member.standing = WorkerState.LOST
        while member.looks:
            self._write_down(member, member.looks.popleft())
        return member

    def find(self, number: int) -> None:
        """A worker that was lost is heard of again, within its lease."""
        self.members[number].standing = WorkerState.HERE

    def orphans(self) -> Iterator[Session]:
        """Sessions of lost workers whose lease has run out; each is given out once, to be closed."""
        for member in self.members.values():
            if member.standing is WorkerState.LOST and self._now() > member.heard + LEASE_SECONDS + _GRACE_SECONDS:
                member.standing = WorkerState.CLOSED
                for number, session_id in self._last_books(member).open.items():
                    yield Session.found(number, session_id)

    @property
    def is_waited_for(self) -> bool:
        """Whether a worker still has something to close, or a lease that lasts."""
        return any(member.standing in (WorkerState.HERE, WorkerState.LOST) for member in self.members.values())

    @property
    def left_open(self) -> int:
        """Sessions that workers say they could not close, and those of workers that have said nothing."""
        return sum(
            len(member.books.open)
            if member.standing in (WorkerState.HERE, WorkerState.LOST)
            else member.account.left_open
            for member in self.members.values()
        )

    @property
    def cut(self) -> int:
        """Workers whose log has not come whole."""
        return sum(self._is_cut(member) for member in self.members.values())

    def pulses(self) -> list[ProcessSnapshot]:
        """Their figures, as last told."""
        return [
            member.pulse if member.standing in (WorkerState.HERE, WorkerState.LOST) else member.pulse.without_sessions()
            for member in self.members.values()
            if member.pulse
        ]

    def show(self, look: ListSnapshot) -> None:
        """Tell them of a look at the API's list, and write down what it shows of the sessions of those who are away."""
        self._relay(look)
        for member in self.members.values():
            if member.is_away:
                self._write_down(member, look)
            elif look.appeared or look.vanished:
                member.looks.append(look)
                while member.looks[0].sent < member.heard - _UNWRITTEN_SECONDS:
                    member.looks.popleft()

    def knows(self, session_id: str) -> bool:
        """Whether one of them opened that session."""
        return any(session_id in member.books.ids for member in self.members.values())

    def known_until(self) -> float:
        """The second before which none of them has a `new` without its answer, as far as is known here."""
        here = (member for member in self.members.values() if member.standing is WorkerState.HERE)
        return min((member.pulse.known_until if member.pulse else 0.0 for member in here), default=float("inf"))

    def _is_cut(self, member: Worker) -> bool:
        return member.standing is not WorkerState.DRAINED or self._receiver.lacks(member.account.sizes)

    def _write_down(self, member: Worker, look: ListSnapshot) -> None:
        for kind, shown, value in (
            (Observation.SEEN, [session_id for session_id, _ in look.appeared], look.sent),
            (Observation.VANISHED, look.vanished, look.since),
        ):
            for session_id in shown:
                if number := member.books.ids.get(session_id):
                    self._observe(kind, Session.found(number, session_id), value, look.answered)

    def _last_books(self, member: Worker) -> LedgerContents:
        """What a worker wrote to the end, if it did so on this machine; else what had come of it."""
        with contextlib.suppress(OSError):
            return read_ledgers([self._folder / SPOOL / ledger_file(member.number)])
        return member.books

    def _read(self, number: int, data: bytes) -> None:
        member = self.members[number]
        whole, newline, member.rest = (member.rest + data).rpartition(b"\n")
        member.books.add(whole + newline)
