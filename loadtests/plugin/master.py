"""The master of workers: leads the run, and does none of its load."""

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

from loadtests.distributed.shipping import Parcel
from loadtests.distributed.workers import DrainReport, Worker, Workers, WorkerState
from loadtests.http.key import has_key
from loadtests.model.log.record import Observation
from loadtests.model.people.profile import Profile
from loadtests.model.session.session import Session
from loadtests.model.text.input_error import EXIT_MISTAKE
from loadtests.observing.list_snapshot import ListSnapshot
from loadtests.plugin.local import end_early, seal_and_report, stop_run
from loadtests.plugin.messages import MessageKind, hear_of_run, on_message
from loadtests.plugin.progress import Progress
from loadtests.plugin.role import StartRequest
from loadtests.plugin.setup import Setup, reason_of_end
from loadtests.plugin.shape import placing
from loadtests.plugin.statistics import Statistics
from loadtests.plugin.user import class_name
from loadtests.plugin.user_allocation import UserAllocation
from loadtests.run.drain import longest_drain
from loadtests.run.process import RunProcess
from loadtests.run.run import Run
from loadtests.run.snapshot import ProcessSnapshot

logger = logging.getLogger(__name__)

_LOOK_SECONDS = 0.5
_HELLO_SECONDS = 10.0
_SHIP_SECONDS = 60.0
"""For the last parcels, once all is closed."""


class MasterRole:
    """Tells workers of the run, takes in what they ship, and closes what a lost one left open."""

    def __init__(self, environment: Environment, runner: MasterRunner, make_setup: Callable[[], Setup]) -> None:
        self._environment = environment
        self._runner = runner
        self._run: Run | None = None
        self._crew: Workers | None = None
        self._there: set[str] = set()
        """Workers that have said that they listen."""
        self._taking_part: set[str] = set()
        """Workers that have begun their part in the run."""
        self._roster = UserAllocation()
        on_message(runner, MessageKind.HELLO, self._hello)
        on_message(runner, MessageKind.CLOCK, self._clock)
        hear_of_run(runner, MessageKind.BEGUN, self._begun)
        hear_of_run(runner, MessageKind.REFUSED, self._refused)
        hear_of_run(runner, MessageKind.SHIP, self._ship)
        hear_of_run(runner, MessageKind.PULSE, self._pulse)
        hear_of_run(runner, MessageKind.DRAINED, self._drained)
        # Workers may be quicker than the sandbox: whoever says hello before this is heard all the same.
        self._setup = make_setup()
        self._place_users()

    @property
    def run(self) -> Run | None:
        """The run that goes on."""
        return self._run

    def prepare(self, asked: StartRequest) -> bool:
        """A form asks for a run."""
        by_stages = self._setup.choose(asked)
        self._place_users()
        return by_stages

    def begin(self) -> None:
        """A run begins, with the workers that are there."""
        settings = self._setup.admitted()
        self._await_hellos()
        self._statistics = Statistics(self._environment, settings.surface)
        run = Run(
            settings,
            self._statistics.answered,
            partial(end_early, self._environment),
            self._gather,
        )
        self._run, self._roster, self._taking_part, self._is_refused = run, UserAllocation(), set(), False
        logger.info("Run %s", run.folder)
        workers = sorted(self._there & set(self._runner.clients), key=self._number)
        for index, worker in enumerate(workers):
            self._tell_run(worker, index, len(workers))
        Progress(run)
        self._setup.metrics.follow(run)
        self._lookout = gevent.spawn(self._look_after)

    def finish(self) -> int | None:
        """Have all drain, then write the report."""
        run, crew = self._run, self._crew
        if run is None or crew is None:
            return None
        try:
            return self._end(run, crew)
        finally:
            self._run = self._crew = None

    def _end(self, run: Run, crew: Workers) -> int:
        reason = reason_of_end(self._setup.shape, run.early_end)
        load_ended = run.now()
        run.process.ending = True
        self._last_orders = {"reason": reason, "observe": run.observe}
        self._tell_all(MessageKind.DRAIN, self._last_orders)
        bound = load_ended + longest_drain(run.manifest.timeout, run.observe) + _SHIP_SECONDS
        while crew.is_waited_for and run.now() < bound:
            gevent.sleep(0.05)
        drained = run.drain(reason)
        self._lookout.kill()
        self._statistics.close()
        logger.info("%s; workers: %s", drained, _said(crew))
        accounts = [member.drain_report for member in crew.workers.values()]
        share = run.process
        code = seal_and_report(
            run,
            load_ended,
            reason,
            drained.left + crew.left_open,
            share.recorder.lost + sum(account.lost_events for account in accounts),
            share.engine.defects + sum(account.defects for account in accounts),
            workers=len(crew.workers),
            cut_workers=crew.incomplete,
        )
        return EXIT_MISTAKE if self._is_refused else code

    def process_for(self, profile: Profile) -> RunProcess | None:
        """A master has no users."""
        return None

    def close(self) -> None:
        """End the sandbox."""
        self._setup.close()

    # What workers tell.

    def _hello(self, worker: str, _: Any) -> None:
        self._tell(worker, MessageKind.HELLO, None)
        if worker in self._there:
            return
        self._there.add(worker)
        if self._run and not self._run.process.ending:
            # It comes when the run has begun: the guard has been shared out without it.
            self._tell_run(worker, 1, 1)

    def _clock(self, worker: str, asked: float) -> None:
        self._tell(worker, MessageKind.CLOCK, [asked, time.monotonic()])

    def _begun(self, worker: str, run: str, _: Any) -> None:
        if self._run and (crew := self._crew_of(run)):
            crew.join(self._number(worker))
            self._taking_part.add(worker)
            self._let_in(worker, self._run)

    def _refused(self, worker: str, run: str, why: str) -> None:
        if crew := self._crew_of(run):
            logger.error("Worker %d does not take part, so the run ends: %s", self._number(worker), why)
            crew.drop(self._number(worker))
            self._is_refused = True
            stop_run(self._environment)

    def _ship(self, worker: str, run: str, parcel: list[Any]) -> None:
        if crew := self._crew_of(run):
            self._tell(worker, MessageKind.SHIPPED, list(crew.receive(self._number(worker), Parcel(*parcel))))

    def _pulse(self, worker: str, run: str, pulse: Any) -> None:
        crew, number = self._crew_of(run), self._number(worker)
        if crew and crew.record_snapshot(number, msgspec.convert(pulse, ProcessSnapshot)):
            if crew.workers[number].state is WorkerState.LOST:
                crew.mark_returned(number)
                self._observe(Observation.WORKER_BACK, 0.0, number)
            self._tell(worker, MessageKind.PULSE, None)
            if self._run and self._run.process.ending:
                # It may have been away when all were told.
                self._tell(worker, MessageKind.DRAIN, self._last_orders)

    def _drained(self, worker: str, run: str, account: Any) -> None:
        self._tell(worker, MessageKind.DRAINED, None)
        if crew := self._crew_of(run):
            number = self._number(worker)
            crew.drained(number, msgspec.convert(account, DrainReport))
            if self._run and not self._run.process.ending:
                logger.warning("Worker %d has ended before the run", number)
                self._observe(Observation.WORKER_LEFT, 0.0, number)

    def _crew_of(self, run: str) -> Workers | None:
        """A worker of another master that was here before, or of an earlier run, has no part in this one."""
        return self._crew if self._run and self._run.folder.name == run else None

    # What workers are told.

    def _tell_run(self, worker: str, index: int, of: int) -> None:
        run, crew = self._run, self._crew
        assert run is not None
        assert crew is not None
        crew.join(self._number(worker))
        guard = run.settings.guard.share(index, of)
        told = {
            "manifest": run.manifest.model_dump_json(),
            "zero": run.zero,
            "max_open": guard.max_open,
            "max_session_minutes": guard.max_session_minutes,
            "has_key": has_key(),
        }
        self._tell(worker, MessageKind.RUN, told)

    def _place_users(self) -> None:
        self._environment.dispatcher_class = placing(self._environment.dispatcher_class, self._place, self._takes_part)

    def _place(self, wanted: dict[str, dict[str, int]]) -> None:
        for worker, users in self._roster.follow(wanted).items():
            self._tell(worker, MessageKind.PLACES, self._profiles(users))

    def _profiles(self, users: dict[str, list[int]]) -> dict[str, list[int]]:
        names = {class_name(name): name for name in self._run.manifest.people} if self._run else {}
        return {names[user_class]: numbers for user_class, numbers in users.items() if user_class in names}

    def _relay(self, look: ListSnapshot) -> None:
        if look.outcome == "ok":
            self._tell_all(MessageKind.LOOK, msgspec.to_builtins(look))

    def _tell(self, worker: str, kind: MessageKind, data: Any) -> None:
        self._runner.send_message(kind.value, data, client_id=worker)

    def _tell_all(self, kind: MessageKind, data: Any) -> None:
        for worker in self._there & set(self._runner.clients):
            self._tell(worker, kind, data)

    # Who is there.

    def _await_hellos(self) -> None:
        """Locust sends users to all that are connected, whether or not they listen to us yet."""
        with gevent.Timeout(_HELLO_SECONDS, False):
            while not self._here() <= self._there:
                gevent.sleep(0.05)

    def _here(self) -> set[str]:
        return {worker for worker, node in self._runner.clients.items() if node.state != STATE_MISSING}

    def _takes_part(self, worker: str) -> bool:
        return worker in self._taking_part

    def _let_in(self, worker: str, run: Run) -> None:
        """A worker that came when the run had begun gets users now: before, it could not have known what to do with them."""
        dispatcher, node = self._runner._users_dispatcher, self._runner.clients.get(worker)
        if dispatcher is None or node is None or worker in {known.id for known in dispatcher._worker_nodes}:
            return
        if run.settings.guard.max_open is not None:
            logger.warning("Worker %d gets no users: --max-open was shared out without it", self._number(worker))
            return
        dispatcher.add_worker(node)
        if self._runner.state == STATE_RUNNING and not dispatcher.dispatch_in_progress:
            gevent.spawn(self._runner.start, self._runner.target_user_count, self._runner.spawn_rate)

    def _gather(self, folder: Path, now: Callable[[], float]) -> Workers:
        self._crew = Workers(folder, now, self._relay, self._write_down)
        return self._crew

    def _write_down(self, kind: Observation, session: Session, value: float, at: float) -> None:
        if self._run:
            self._run.process.engine.observe(kind, session, value, at=at)

    def _number(self, worker: str) -> int:
        return int(self._runner.get_worker_index(worker)) + 1

    def _look_after(self) -> None:
        while True:
            gevent.sleep(_LOOK_SECONDS)
            self._find_lost()
            self._close_orphans()

    def _find_lost(self) -> None:
        crew = self._crew
        assert crew is not None
        here = set(map(self._number, self._here()))
        for member in list(crew.workers.values()):
            if member.state is WorkerState.HERE and member.number not in here:
                self._lose(crew.mark_lost(member.number))

    def _lose(self, member: Worker) -> None:
        logger.warning(
            "Worker %d is lost, with %d sessions open: closed here once its lease has run out",
            member.number,
            len(member.ledger.open),
        )
        self._observe(Observation.WORKER_LOST, member.heard, member.number)
        if self._crew and not any(one.state is WorkerState.HERE for one in self._crew.workers.values()):
            # Locust stops the load then, and a headless master without a run time would wait for ever.
            stop_run(self._environment)

    def _close_orphans(self) -> None:
        run, crew = self._run, self._crew
        if run is None or crew is None:
            return
        for session in crew.orphans():
            run.process.close_orphan(session)

    def _observe(self, kind: Observation, value: float, number: int) -> None:
        if run := self._run:
            run.process.engine.observe(kind, value=value, detail=str(number))


def _said(crew: Workers) -> str:
    lost = sum(member.state is WorkerState.CLOSED for member in crew.workers.values())
    return f"{len(crew.workers)}, of which {lost} lost; they left open {crew.left_open}"
