"""The master's view of its workers: liveness, open sessions, shipped files.

A worker holds its sessions by a *lease* that each answered heartbeat renews. A worker without an answer for `LEASE_SECONDS`
closes its sessions and ends. The master, which has heard from it at least as recently, waits slightly longer and then closes the
sessions that the worker's ledger shows open. So the two never use the same session at once.
"""

from __future__ import annotations

import contextlib
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path

import msgspec

from loadtests.distributed.shipping import Acknowledgement, Chunk, Receiver
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
_REMEMBERED_SECONDS = 60.0
"""The id of a closed session is kept for so long at least: a list that was requested before may still show it."""
_UNWRITTEN_SECONDS = 10.0
"""A worker has recorded and shipped all list snapshots that are older than its last heartbeat by this time."""


class DrainReport(msgspec.Struct):
    """A worker's report at the end of its drain."""

    left_open: int = 0
    lost_events: int = 0
    defects: int = 0
    sizes: dict[str, int] = {}
    """Its files and their lengths in bytes."""


class WorkerState(Enum):
    """The state of a worker."""

    HERE = 0
    LOST = 1
    """No heartbeats; it may return while its lease lasts."""
    CLOSED = 2
    """Its lease has expired; the master closes its sessions."""
    DRAINED = 3
    """It has closed everything and sent its report."""


@dataclass
class Worker:
    """One worker."""

    number: int
    heard: float
    """When its last heartbeat came, in seconds of the run."""
    state: WorkerState = WorkerState.HERE
    snapshot: ProcessSnapshot | None = None
    ledger: LedgerContents = field(default_factory=LedgerContents)
    partial_line: bytes = b""
    """The beginning of a ledger line whose end has not arrived."""
    drain_report: DrainReport = field(default_factory=DrainReport)
    closed_before: set[int] = field(default_factory=set)
    """Numbers of the sessions that were closed when ids were last forgotten."""
    recent_lists: deque[ListSnapshot] = field(default_factory=deque)
    """Recent list snapshots, which the worker may not have recorded if it is lost."""

    @property
    def has_lease(self) -> bool:
        """Whether its open sessions are its own: it has not drained, and its lease has not expired."""
        return self.state in (WorkerState.HERE, WorkerState.LOST)

    @property
    def is_away(self) -> bool:
        """Whether it cannot record what the list shows of its sessions."""
        return self.state in (WorkerState.LOST, WorkerState.CLOSED)


class Workers(OtherProcesses):
    """The workers of the run in `folder`, by number.

    `now` is the run's clock. `relay` sends a list snapshot to all workers. `observe` records, with kind, value and time, what the
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
        self._receiver = Receiver(folder, self._on_ledger_data)
        self.workers: dict[int, Worker] = {}
        self._forgotten = 0.0

    def join(self, number: int) -> None:
        """Adds a worker."""
        self.workers.setdefault(number, Worker(number, self._now()))

    def drop(self, number: int) -> None:
        """Removes a worker that has refused the run."""
        self.workers.pop(number, None)

    def record_snapshot(self, number: int, snapshot: ProcessSnapshot) -> bool:
        """Records a heartbeat. Returns False if it must not renew the lease: the worker has drained or its lease has expired."""
        worker = self.workers.get(number)
        if worker is None or worker.state in (WorkerState.CLOSED, WorkerState.DRAINED):
            return False
        worker.snapshot, worker.heard = snapshot, self._now()
        return True

    def receive(self, number: int, chunk: Chunk) -> Acknowledgement:
        """Writes a chunk of a worker's file. Raises ValueError if the file does not belong to that worker."""
        self.join(number)
        return self._receiver.receive(number, chunk)

    def drained(self, number: int, report: DrainReport) -> None:
        """Records that a worker has closed everything."""
        self.join(number)
        self.workers[number].drain_report = report
        self.workers[number].state = WorkerState.DRAINED

    def mark_lost(self, number: int) -> Worker:
        """Records that a worker sends no more heartbeats, and returns it."""
        worker = self.workers[number]
        worker.state = WorkerState.LOST
        while worker.recent_lists:
            self._record_list(worker, worker.recent_lists.popleft())
        return worker

    def mark_returned(self, number: int) -> None:
        """Records that a lost worker has sent a heartbeat within its lease."""
        self.workers[number].state = WorkerState.HERE

    def orphans(self) -> Iterator[Session]:
        """Yields the open sessions of lost workers whose lease has expired, each once, for the master to close."""
        for worker in self.workers.values():
            if worker.state is WorkerState.LOST and self._now() > worker.heard + LEASE_SECONDS + _GRACE_SECONDS:
                worker.state = WorkerState.CLOSED
                ledger = self._final_ledger(worker)
                for number, session_id in ledger.open.items():
                    yield Session.from_ledger(number, session_id, ledger.kept.get(session_id))

    @property
    def is_waited_for(self) -> bool:
        """Whether a worker has not drained and its lease has not expired."""
        return any(worker.has_lease for worker in self.workers.values())

    @property
    def left_open(self) -> int:
        """Sessions that workers reported as left open, and the open ones of workers without a report."""
        return sum(
            len(worker.ledger.open) if worker.has_lease else worker.drain_report.left_open
            for worker in self.workers.values()
        )

    @property
    def incomplete(self) -> int:
        """The number of workers whose log is incomplete."""
        return sum(self._is_incomplete(worker) for worker in self.workers.values())

    def snapshots(self) -> list[ProcessSnapshot]:
        """Returns the last snapshot of each worker; those without open sessions of their own report none."""
        return [
            worker.snapshot if worker.has_lease else worker.snapshot.without_sessions()
            for worker in self.workers.values()
            if worker.snapshot
        ]

    def send_list(self, snapshot: ListSnapshot) -> None:
        """Sends a list snapshot to the workers, and records what it shows of the sessions of those that are away."""
        self._forget_closed()
        self._relay(snapshot)
        for worker in self.workers.values():
            if worker.is_away:
                self._record_list(worker, snapshot)
            elif snapshot.appeared or snapshot.vanished:
                worker.recent_lists.append(snapshot)
                while worker.recent_lists[0].sent < worker.heard - _UNWRITTEN_SECONDS:
                    worker.recent_lists.popleft()

    def knows(self, session_id: str) -> bool:
        """Whether one of them opened that session."""
        return any(session_id in worker.ledger.ids for worker in self.workers.values())

    def known_until(self) -> float:
        """Returns the time before which every `new` of the connected workers is known here with its answer."""
        here = (worker for worker in self.workers.values() if worker.state is WorkerState.HERE)
        return min((worker.snapshot.known_until if worker.snapshot else 0.0 for worker in here), default=float("inf"))

    def _forget_closed(self) -> None:
        """Forgets the ids of sessions that were already closed a while ago: the run's memory must not grow with its sessions."""
        if self._now() - self._forgotten < _REMEMBERED_SECONDS:
            return
        self._forgotten = self._now()
        for worker in self.workers.values():
            worker.ledger.forget(worker.closed_before)
            worker.closed_before = set(worker.ledger.closed)

    def _is_incomplete(self, worker: Worker) -> bool:
        return worker.state is not WorkerState.DRAINED or not self._receiver.has_all(worker.drain_report.sizes)

    def _record_list(self, worker: Worker, snapshot: ListSnapshot) -> None:
        for kind, session_ids, value in (
            (Observation.SEEN, [session_id for session_id, _ in snapshot.appeared], snapshot.sent),
            (Observation.VANISHED, snapshot.vanished, snapshot.since),
        ):
            for session_id in session_ids:
                if number := worker.ledger.ids.get(session_id):
                    self._observe(kind, Session.from_ledger(number, session_id), value, snapshot.answered)

    def _final_ledger(self, worker: Worker) -> LedgerContents:
        """Returns the worker's own ledger if it is on this machine, else what has been shipped of it."""
        with contextlib.suppress(OSError):
            return read_ledgers([self._folder / SPOOL / ledger_file(worker.number)])
        return worker.ledger

    def _on_ledger_data(self, number: int, data: bytes) -> None:
        worker = self.workers[number]
        complete, newline, worker.partial_line = (worker.partial_line + data).rpartition(b"\n")
        worker.ledger.feed(complete + newline)
