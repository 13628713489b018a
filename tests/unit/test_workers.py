"""The workers of a run as their master knows them, with its clock in our hands."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from loadtests.distributed.shipping import Chunk
from loadtests.distributed.workers import LEASE_SECONDS, DrainReport, Workers, WorkerState
from loadtests.model.log.record import Observation
from loadtests.model.run.manifest import SPOOL
from loadtests.model.session.session import Session
from loadtests.observing.list_snapshot import ListSnapshot
from loadtests.run.snapshot import ProcessSnapshot

LONG_AFTER = LEASE_SECONDS + 10


class Scene:
    """The workers, the time, and what was written down and relayed."""

    def __init__(self, folder: Path) -> None:
        self.now = 0.0
        self.noted: list[tuple[str, int, str, float]] = []
        self.relayed: list[ListSnapshot] = []
        self.workers = Workers(folder, lambda: self.now, self.relayed.append, self._note)
        self._shipped: dict[int, bytes] = {}

    def ship(self, worker: int, *lines: list[object]) -> None:
        """A worker's ledger comes."""
        data = b"".join(json.dumps(line).encode() + b"\n" for line in lines)
        self.ship_bytes(worker, data)

    def ship_bytes(self, worker: int, data: bytes) -> None:
        """A part of it, wherever it is cut."""
        before = self._shipped.get(worker, b"")
        self.workers.receive(worker, Chunk(f"ledger-w{worker}.jsonl", len(before), data))
        self._shipped[worker] = before + data

    def pulse(self, worker: int, **figures: float) -> bool:
        """A worker is heard of; whether its lease goes on."""
        return self.workers.record_snapshot(worker, ProcessSnapshot(self.now, **figures))  # type: ignore[arg-type]

    def orphans(self) -> list[tuple[int, str]]:
        """Sessions that the master is to close, by number and id."""
        return [(session.number, session.id) for session in self.workers.orphans()]

    def look(self, at: float, *appeared: str, vanished: tuple[str, ...] = ()) -> None:
        """The list was asked for at `at`."""
        shown = [(session_id, 0.0) for session_id in appeared]
        self.workers.send_list(
            ListSnapshot(at, at, at + 0.1, "ok", since=at - 1, appeared=shown, vanished=list(vanished))
        )

    def _note(self, kind: Observation, session: Session, value: float, at: float) -> None:
        self.noted.append((kind.value, session.number, session.id, value))


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    """A run with one worker, which has two sessions open and has closed a third."""
    made = Scene(tmp_path)
    made.workers.join(1)
    made.ship(1, ["intent", 11, 0.1], ["open", 11, "a", 0.2], ["open", 12, "b", 0.3], ["open", 13, "c", 0.3])
    made.ship(1, ["closed", 13, 0.9])
    return made


def test_a_lost_workers_sessions_are_the_masters_when_its_lease_is_over_and_once(scene: Scene) -> None:
    """Before that the worker itself may use or close them."""
    scene.now = 5.0
    scene.pulse(1)
    scene.now = 9.0
    scene.workers.mark_lost(1)
    scene.now = 5.0 + LEASE_SECONDS
    assert scene.orphans() == []
    scene.now = 5.0 + LONG_AFTER
    assert scene.orphans() == [(11, "a"), (12, "b")]
    assert scene.orphans() == []
    assert scene.workers.workers[1].state is WorkerState.CLOSED
    assert not scene.workers.is_waited_for


def test_a_worker_that_is_heard_of_in_time_keeps_its_sessions(scene: Scene) -> None:
    """Lost for some seconds is not gone."""
    scene.now = 5.0
    scene.workers.mark_lost(1)
    assert scene.workers.is_waited_for
    scene.now = 8.0
    assert scene.pulse(1)
    scene.workers.mark_returned(1)
    scene.now = 8.0 + LONG_AFTER
    assert scene.orphans() == []


def test_a_worker_whose_lease_has_run_out_gets_no_new_one(scene: Scene) -> None:
    """Its sessions are the master's by then: it must find that out, and close nothing that others look after."""
    scene.workers.mark_lost(1)
    scene.now = LONG_AFTER
    assert scene.orphans() != []
    assert not scene.pulse(1)


def test_a_pulse_of_nobody_known_is_not_answered(scene: Scene) -> None:
    """A worker of an earlier run, say."""
    assert not scene.pulse(7)


def test_what_the_worker_wrote_on_this_machine_counts_to_the_end(scene: Scene, tmp_path: Path) -> None:
    """The last second was never shipped, but its ledger lies in the spool here."""
    (tmp_path / SPOOL).mkdir()
    written = (tmp_path / "ledger-w1.jsonl").read_bytes() + b'["open",14,"d",1.5]\n["closed",11,1.6]\n["open",15,"e'
    (tmp_path / SPOOL / "ledger-w1.jsonl").write_bytes(written)
    scene.workers.mark_lost(1)
    scene.now = LONG_AFTER
    assert scene.orphans() == [(12, "b"), (14, "d")]


def test_ledgers_lines_may_come_in_any_pieces(tmp_path: Path) -> None:
    """Chunks end in the middle of a line, and of a letter."""
    scene = Scene(tmp_path)
    scene.workers.join(2)
    data = '["open",1,"ä\U0001f600",0.1]\n["open",2,"b",0.2]\n["closed",2,0.3]\n'.encode()
    for at in range(len(data)):
        scene.ship_bytes(2, data[at : at + 1])
    assert scene.workers.workers[2].ledger.open == {1: "ä\U0001f600"}
    assert scene.workers.knows("ä\U0001f600")
    assert scene.workers.knows("b")
    assert not scene.workers.knows("c")


def test_looks_are_relayed_and_those_of_the_away_written_down(scene: Scene) -> None:
    """A worker that is here writes down for itself what the list shows of its sessions."""
    scene.look(1.0, "a", "stranger")
    assert len(scene.relayed) == 1
    assert scene.noted == []
    scene.workers.mark_lost(1)
    scene.look(2.0, vanished=("a", "stranger"))
    assert scene.noted == [("seen", 11, "a", 1.0), ("vanished", 11, "a", 1.0)]


def test_what_was_shown_shortly_before_it_was_lost_is_written_down(scene: Scene) -> None:
    """What was shown long before has been written by the worker, and has come."""
    scene.look(1.0, "a")
    scene.now = 30.0
    scene.pulse(1)
    scene.look(30.5, "b")
    scene.workers.mark_lost(1)
    assert scene.noted == [("seen", 12, "b", 30.5)]


def test_what_is_left_open_is_what_workers_say_or_have_not_said(scene: Scene) -> None:
    """A worker's own word counts once it has given account; before that, its ledger does."""
    assert scene.workers.left_open == 2
    scene.workers.drained(1, DrainReport(left_open=1))
    assert scene.workers.left_open == 1
    assert not scene.workers.is_waited_for


def test_sessions_that_the_master_took_are_its_own_to_count(scene: Scene) -> None:
    """They are in its own account then, not twice."""
    scene.workers.mark_lost(1)
    scene.now = LONG_AFTER
    scene.orphans()
    assert scene.workers.left_open == 0


def test_a_log_is_cut_unless_all_of_it_has_come(scene: Scene) -> None:
    """A worker that has given no account is cut; one whose files are longer than what came, too."""
    size = len('["intent", 11, 0.1]\n["open", 11, "a", 0.2]\n["open", 12, "b", 0.3]\n["open", 13, "c", 0.3]\n')
    size += len('["closed", 13, 0.9]\n')
    assert scene.workers.incomplete == 1
    scene.workers.drained(1, DrainReport(sizes={"ledger-w1.jsonl": size}))
    assert scene.workers.incomplete == 0
    scene.workers.drained(1, DrainReport(sizes={"ledger-w1.jsonl": size, "events-w1.arrow": 1}))
    assert scene.workers.incomplete == 1


def test_no_new_is_known_before_each_worker_has_told_of_its_own(scene: Scene) -> None:
    """A listed session may be any worker's who has said nothing yet; one that is lost can say no more."""
    scene.workers.join(2)
    scene.pulse(1, known_until=7.0)
    assert scene.workers.known_until() == 0.0
    scene.pulse(2, known_until=3.0)
    assert scene.workers.known_until() == 3.0
    scene.workers.mark_lost(2)
    assert scene.workers.known_until() == 7.0


def test_a_worker_that_does_not_take_part_is_not_waited_for(scene: Scene) -> None:
    """It refused: it has nothing to close."""
    scene.workers.join(2)
    scene.workers.drop(2)
    scene.workers.drained(1, DrainReport())
    assert not scene.workers.is_waited_for


def test_a_worker_that_is_gone_holds_no_sessions_and_what_it_counted_stands(scene: Scene) -> None:
    """What it had open is the master's, and would count twice."""
    scene.pulse(1, held=7, leaks=2, requests=100, hits=3)
    scene.workers.drained(1, DrainReport())
    (pulse,) = scene.workers.snapshots()
    assert (pulse.held, pulse.leaks, pulse.requests, pulse.hits) == (0, 0, 100, 3)


def test_closed_sessions_of_workers_are_forgotten(scene: Scene) -> None:
    """Between one and two minutes after their end; what is open is known as long as it is open."""
    scene.now = 61.0
    scene.look(61.0)
    assert scene.workers.knows("c"), "a list that was requested before may still show it"
    scene.now = 122.0
    scene.look(122.0)
    assert not scene.workers.knows("c")
    assert scene.workers.knows("a")
    assert scene.workers.knows("b")
    assert scene.workers.left_open == 2
