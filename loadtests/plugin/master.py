"""The role of the master: leads the run and generates no load itself."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import gevent
import msgspec
from locust.env import Environment
from locust.runners import STATE_MISSING, STATE_RUNNING, MasterRunner

from loadtests.distributed.shipping import Chunk
from loadtests.distributed.workers import DrainReport, Worker, Workers, WorkerState
from loadtests.http.key import has_key
from loadtests.model.log.record import Observation
from loadtests.model.people.profile import Profile
from loadtests.model.session.session import Session
from loadtests.model.text.input_error import EXIT_MISTAKE
from loadtests.model.text.units import format_clock, format_duration
from loadtests.model.text.wording import count
from loadtests.observing.list_snapshot import ListSnapshot
from loadtests.plugin.local import end_early, seal_and_report, stop_run
from loadtests.plugin.messaging.messages import MessageKind, on_message, on_run_message
from loadtests.plugin.progress import Progress
from loadtests.plugin.setup import Setup, reason_of_end
from loadtests.plugin.statistics import Statistics
from loadtests.plugin.users.role import StartRequest
from loadtests.plugin.users.shape import tracking
from loadtests.plugin.users.user import class_name
from loadtests.plugin.users.user_allocation import UserAllocation
from loadtests.processes.greenlets import start_loop, start_task
from loadtests.run.drain import longest_drain
from loadtests.run.process import RunProcess
from loadtests.run.run import Run
from loadtests.run.snapshot import ProcessSnapshot

logger = logging.getLogger(__name__)

_CHECK_SECONDS = 0.5
"""Between two checks for lost workers."""
_HELLO_SECONDS = 10.0
"""How long a run waits for connected workers to listen."""
_SHIP_SECONDS = 60.0
"""For the last chunks, after all sessions are closed."""


class MasterRole:
    """Sends the run to its workers, receives what they ship, and closes what a lost worker left open."""

    def __init__(self, environment: Environment, runner: MasterRunner, make_setup: Callable[[], Setup]) -> None:
        self._environment = environment
        self._runner = runner
        self._run: Run | None = None
        self._workers: Workers | None = None
        self._listening: set[str] = set()
        """Ids of the workers that have sent a hello."""
        self._taking_part: set[str] = set()
        """Ids of the workers that have begun their part in the run."""
        self._allocation = UserAllocation()
        on_message(runner, MessageKind.HELLO, self._on_hello)
        on_message(runner, MessageKind.CLOCK, self._on_clock)
        on_run_message(runner, MessageKind.BEGUN, self._on_begun)
        on_run_message(runner, MessageKind.REFUSED, self._on_refused)
        on_run_message(runner, MessageKind.SHIP, self._on_ship)
        on_run_message(runner, MessageKind.SNAPSHOT, self._on_snapshot)
        on_run_message(runner, MessageKind.DRAINED, self._on_drained)
        # Made last: workers may say hello while the sandbox starts.
        self._setup = make_setup()
        self._track_users()

    @property
    def run(self) -> Run | None:
        """The current run."""
        return self._run

    def prepare(self, request: StartRequest) -> bool:
        """Applies the values of the start form."""
        by_stages = self._setup.choose(request)
        self._track_users()
        return by_stages

    def begin(self) -> None:
        """Begin a run with the connected workers."""
        settings = self._setup.admitted()
        self._await_hellos()
        self._statistics = Statistics(self._environment, settings.description)
        run = Run(
            settings,
            self._statistics,
            partial(end_early, self._environment),
            self._make_workers,
        )
        self._run, self._allocation, self._taking_part, self._is_refused = run, UserAllocation(), set(), False
        logger.info("Run %s", run.folder)
        listening = sorted(self._listening & set(self._runner.clients), key=self._number)
        for index, worker in enumerate(listening):
            self._send_run(worker, index, len(listening))
        self._progress = Progress(run)
        self._setup.metrics.follow(run)
        self._watchdog = start_loop("checking for lost workers", self._check_workers, run.process.engine.record_defect)

    def finish(self) -> int | None:
        """Have all workers drain, then write the report."""
        run, workers = self._run, self._workers
        if run is None or workers is None:
            return None
        try:
            return self._finish(run, workers)
        finally:
            self._run = self._workers = None

    def _finish(self, run: Run, workers: Workers) -> int:
        reason = reason_of_end(self._setup.shape, run.early_end)
        load_ended = run.now()
        run.process.ending = True
        self._progress.drain()
        self._drain_message = {"reason": reason, "observe": run.observe}
        self._send_all(MessageKind.DRAIN, self._drain_message)
        self._await_drained(run, workers, load_ended)
        drained = run.drain(reason)
        self._progress.close()
        self._watchdog.kill()
        self._statistics.close()
        logger.info("%s; %s", drained, _summary(workers))
        reports = [member.drain_report for member in workers.workers.values()]
        process = run.process
        code = seal_and_report(
            run,
            load_ended,
            reason,
            drained.left + workers.left_open,
            process.recorder.lost + sum(report.lost_events for report in reports),
            process.engine.defects + sum(report.defects for report in reports),
            workers=len(workers.workers),
            cut_workers=workers.incomplete,
        )
        return EXIT_MISTAKE if self._is_refused else code

    def _await_drained(self, run: Run, workers: Workers, load_ended: float) -> None:
        longest = longest_drain(run.manifest.timeout, run.observe) + _SHIP_SECONDS
        logger.info(
            "Draining: waiting for %s to close their sessions, at most %s (until %s)",
            count(len(workers.workers), "worker"),
            format_duration(round(longest)),
            format_clock(load_ended + longest),
        )
        while workers.is_waited_for and run.now() < load_ended + longest:
            gevent.sleep(0.05)

    def process_for(self, profile: Profile) -> RunProcess | None:
        """None: a master has no users."""
        return None

    def close(self) -> None:
        """End the sandbox."""
        self._setup.close()

    # Messages from workers.

    def _on_hello(self, worker: str, _: Any) -> None:
        self._send(worker, MessageKind.HELLO, None)
        if worker in self._listening:
            return
        self._listening.add(worker)
        if self._run and not self._run.process.ending:
            # The run has begun, and its guard is divided among the other workers.
            self._send_run(worker, 1, 1)

    def _on_clock(self, worker: str, sent: float) -> None:
        self._send(worker, MessageKind.CLOCK, [sent, time.monotonic()])

    def _on_begun(self, worker: str, run: str, _: Any) -> None:
        if self._run and (workers := self._workers_of(run)):
            workers.join(self._number(worker))
            self._taking_part.add(worker)
            self._let_in(worker, self._run)

    def _on_refused(self, worker: str, run: str, why: str) -> None:
        if workers := self._workers_of(run):
            logger.error("Worker %d does not take part, so the run ends: %s", self._number(worker), why)
            workers.drop(self._number(worker))
            self._is_refused = True
            stop_run(self._environment)

    def _on_ship(self, worker: str, run: str, chunk: list[Any]) -> None:
        if workers := self._workers_of(run):
            acknowledgement = workers.receive(self._number(worker), Chunk(*chunk))
            self._send(worker, MessageKind.SHIPPED, list(acknowledgement))

    def _on_snapshot(self, worker: str, run: str, snapshot: Any) -> None:
        workers, number = self._workers_of(run), self._number(worker)
        if workers and workers.record_snapshot(number, msgspec.convert(snapshot, ProcessSnapshot)):
            if workers.workers[number].state is WorkerState.LOST:
                workers.mark_returned(number)
                self._observe(Observation.WORKER_BACK, 0.0, number)
            self._send(worker, MessageKind.SNAPSHOT, snapshot["now"])
            if self._run and self._run.process.ending:
                # The worker may have been away when the drain began.
                self._send(worker, MessageKind.DRAIN, self._drain_message)

    def _on_drained(self, worker: str, run: str, report: Any) -> None:
        self._send(worker, MessageKind.DRAINED, None)
        if workers := self._workers_of(run):
            number = self._number(worker)
            workers.drained(number, msgspec.convert(report, DrainReport))
            if self._run and not self._run.process.ending:
                logger.warning("Worker %d has ended before the run", number)
                self._observe(Observation.WORKER_LEFT, 0.0, number)

    def _workers_of(self, run: str) -> Workers | None:
        """The workers of the run of that name; None if it is not the current run: messages may be about an earlier one."""
        return self._workers if self._run and self._run.folder.name == run else None

    # Messages to workers.

    def _send_run(self, worker: str, index: int, of: int) -> None:
        run, workers = self._run, self._workers
        assert run is not None
        assert workers is not None
        workers.join(self._number(worker))
        guard = run.settings.guard.share(index, of)
        message = {
            "manifest": run.manifest.model_dump_json(),
            "zero": run.zero,
            "max_open": guard.max_open,
            "max_session_minutes": guard.max_session_minutes,
            "has_key": has_key(run.manifest.description),
        }
        self._send(worker, MessageKind.RUN, message)

    def _track_users(self) -> None:
        self._environment.dispatcher_class = tracking(
            self._environment.dispatcher_class, self._send_user_numbers, self._taking_part_now
        )

    def _send_user_numbers(self, wanted: dict[str, dict[str, int]]) -> None:
        for worker, users in self._allocation.follow(wanted).items():
            self._send(worker, MessageKind.USER_NUMBERS, self._by_profile(users))

    def _by_profile(self, users: dict[str, list[int]]) -> dict[str, list[int]]:
        names = {class_name(name): name for name in self._run.manifest.people} if self._run else {}
        return {names[user_class]: numbers for user_class, numbers in users.items() if user_class in names}

    def _send_list(self, snapshot: ListSnapshot) -> None:
        if snapshot.outcome == "ok":
            self._send_all(MessageKind.LIST, msgspec.to_builtins(snapshot))

    def _send(self, worker: str, kind: MessageKind, data: Any) -> None:
        self._runner.send_message(kind.value, data, client_id=worker)

    def _send_all(self, kind: MessageKind, data: Any) -> None:
        for worker in self._listening & set(self._runner.clients):
            self._send(worker, kind, data)

    # Which workers are connected.

    def _await_hellos(self) -> None:
        """Waits for the connected workers to listen: Locust sends users to all of them, whether they listen or not."""
        with gevent.Timeout(_HELLO_SECONDS, False):
            while not self._connected() <= self._listening:
                gevent.sleep(0.05)

    def _connected(self) -> set[str]:
        return {worker for worker, node in self._runner.clients.items() if node.state != STATE_MISSING}

    def _taking_part_now(self, worker: str) -> bool:
        return worker in self._taking_part

    def _let_in(self, worker: str, run: Run) -> None:
        """Gives users to a worker that connected after the run had begun, now that it knows the run."""
        dispatcher, node = self._runner._users_dispatcher, self._runner.clients.get(worker)
        if dispatcher is None or node is None or worker in {known.id for known in dispatcher._worker_nodes}:
            return
        if run.settings.guard.max_open is not None:
            logger.warning(
                "Worker %d connected late and gets no users: --max-open is divided among the others",
                self._number(worker),
            )
            return
        dispatcher.add_worker(node)
        if self._runner.state == STATE_RUNNING and not dispatcher.dispatch_in_progress:
            start_task(
                "giving users to a worker", self._runner.start, self._runner.target_user_count, self._runner.spawn_rate
            )

    def _make_workers(self, folder: Path, now: Callable[[], float]) -> Workers:
        self._workers = Workers(folder, now, self._send_list, self._record)
        return self._workers

    def _record(self, kind: Observation, session: Session, value: float, at: float) -> None:
        if self._run:
            self._run.process.engine.observe(kind, session, value, at=at)

    def _number(self, worker: str) -> int:
        return int(self._runner.get_worker_index(worker)) + 1

    def _check_workers(self) -> float:
        self._find_lost()
        self._close_orphans()
        return _CHECK_SECONDS

    def _find_lost(self) -> None:
        workers = self._workers
        assert workers is not None
        connected = set(map(self._number, self._connected()))
        for member in list(workers.workers.values()):
            if member.state is WorkerState.HERE and member.number not in connected:
                self._lose(workers.mark_lost(member.number))

    def _lose(self, member: Worker) -> None:
        logger.warning(
            "Worker %d is lost with %s open; the master closes them when its lease has run out",
            member.number,
            count(len(member.ledger.open), "session"),
        )
        self._observe(Observation.WORKER_LOST, member.heard, member.number)
        if self._workers and not any(other.state is WorkerState.HERE for other in self._workers.workers.values()):
            # Locust stops the load then, and a headless master without a run time would wait forever.
            stop_run(self._environment)

    def _close_orphans(self) -> None:
        run, workers = self._run, self._workers
        if run is None or workers is None:
            return
        for session in workers.orphans():
            run.process.close_orphan(session)

    def _observe(self, kind: Observation, value: float, number: int) -> None:
        if run := self._run:
            run.process.engine.observe(kind, value=value, detail=str(number))


def _summary(workers: Workers) -> str:
    lost = sum(member.state is WorkerState.CLOSED for member in workers.workers.values())
    return f"{count(len(workers.workers), 'worker')} ({lost:,} lost) left {count(workers.left_open, 'session')} open"
