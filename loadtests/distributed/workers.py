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
from loadtests.observing.list_snapshot import ListSnapshot
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
    state: WorkerState = WorkerState.HERE
    snapshot: ProcessSnapshot | None = None
    ledger: LedgerContents = field(default_factory=LedgerContents)
    partial_line: bytes = b""
    """Of a line of its ledger, whose end has not come yet."""
    drain_report: DrainReport = field(default_factory=DrainReport)
    recent_lists: deque[ListSnapshot] = field(default_factory=deque)
    """What the list showed lately, which the worker may not have written down before it was lost."""

    @property
    def is_away(self) -> bool:
        """Whether it cannot write down what the list shows of its sessions."""
        return self.state in (WorkerState.LOST, WorkerState.CLOSED)


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
        self.workers: dict[int, Worker] = {}

    def join(self, number: int) -> None:
        """A worker takes part."""
        self.workers.setdefault(number, Worker(number, self._now()))

    def drop(self, number: int) -> None:
        """A worker does not take part after all."""
        self.workers.pop(number, None)

    def record_snapshot(self, number: int, pulse: ProcessSnapshot) -> bool:
        """A worker's pulse. False: it is not to go on, since its lease has run out."""
        member = self.workers.get(number)
        if member is None or member.state in (WorkerState.CLOSED, WorkerState.DRAINED):
            return False
        member.snapshot, member.heard = pulse, self._now()
        return True

    def receive(self, number: int, parcel: Parcel) -> Receipt:
        """A part of a worker's file. Raises ValueError where it is not one of that worker's."""
        self.join(number)
        return self._receiver.receive(number, parcel)

    def drained(self, number: int, account: DrainReport) -> None:
        """A worker has closed everything."""
        self.join(number)
        self.workers[number].drain_report = account
        self.workers[number].state = WorkerState.DRAINED

    def mark_lost(self, number: int) -> Worker:
        """A worker is not heard of any more."""
        member = self.workers[number]
        member.state = WorkerState.LOST
        while member.recent_lists:
            self._write_down(member, member.recent_lists.popleft())
        return member

    def mark_returned(self, number: int) -> None:
        """A worker that was lost is heard of again, within its lease."""
        self.workers[number].state = WorkerState.HERE

    def orphans(self) -> Iterator[Session]:
        """Sessions of lost workers whose lease has run out; each is given out once, to be closed."""
        for member in self.workers.values():
            if member.state is WorkerState.LOST and self._now() > member.heard + LEASE_SECONDS + _GRACE_SECONDS:
                member.state = WorkerState.CLOSED
                for number, session_id in self._last_books(member).open.items():
                    yield Session.from_ledger(number, session_id)

    @property
    def is_waited_for(self) -> bool:
        """Whether a worker still has something to close, or a lease that lasts."""
        return any(member.state in (WorkerState.HERE, WorkerState.LOST) for member in self.workers.values())

    @property
    def left_open(self) -> int:
        """Sessions that workers say they could not close, and those of workers that have said nothing."""
        return sum(
            len(member.ledger.open)
            if member.state in (WorkerState.HERE, WorkerState.LOST)
            else member.drain_report.left_open
            for member in self.workers.values()
        )

    @property
    def incomplete(self) -> int:
        """Workers whose log has not come whole."""
        return sum(self._is_cut(member) for member in self.workers.values())

    def snapshots(self) -> list[ProcessSnapshot]:
        """Their figures, as last told."""
        return [
            member.snapshot
            if member.state in (WorkerState.HERE, WorkerState.LOST)
            else member.snapshot.without_sessions()
            for member in self.workers.values()
            if member.snapshot
        ]

    def send_list(self, look: ListSnapshot) -> None:
        """Tell them of a look at the API's list, and write down what it shows of the sessions of those who are away."""
        self._relay(look)
        for member in self.workers.values():
            if member.is_away:
                self._write_down(member, look)
            elif look.appeared or look.vanished:
                member.recent_lists.append(look)
                while member.recent_lists[0].sent < member.heard - _UNWRITTEN_SECONDS:
                    member.recent_lists.popleft()

    def knows(self, session_id: str) -> bool:
        """Whether one of them opened that session."""
        return any(session_id in member.ledger.ids for member in self.workers.values())

    def known_until(self) -> float:
        """The second before which none of them has a `new` without its answer, as far as is known here."""
        here = (member for member in self.workers.values() if member.state is WorkerState.HERE)
        return min((member.snapshot.known_until if member.snapshot else 0.0 for member in here), default=float("inf"))

    def _is_cut(self, member: Worker) -> bool:
        return member.state is not WorkerState.DRAINED or self._receiver.lacks(member.drain_report.sizes)

    def _write_down(self, member: Worker, look: ListSnapshot) -> None:
        for kind, shown, value in (
            (Observation.SEEN, [session_id for session_id, _ in look.appeared], look.sent),
            (Observation.VANISHED, look.vanished, look.since),
        ):
            for session_id in shown:
                if number := member.ledger.ids.get(session_id):
                    self._observe(kind, Session.from_ledger(number, session_id), value, look.answered)

    def _last_books(self, member: Worker) -> LedgerContents:
        """What a worker wrote to the end, if it did so on this machine; else what had come of it."""
        with contextlib.suppress(OSError):
            return read_ledgers([self._folder / SPOOL / ledger_file(member.number)])
        return member.ledger

    def _read(self, number: int, data: bytes) -> None:
        member = self.workers[number]
        whole, newline, member.partial_line = (member.partial_line + data).rpartition(b"\n")
        member.ledger.add(whole + newline)
