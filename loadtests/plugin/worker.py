"""The role of a worker: generates its part of the load and ships its record to the master."""

from __future__ import annotations

import contextlib
import logging
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import gevent
import msgspec
from gevent.event import Event
from locust.env import Environment
from locust.runners import WorkerRunner

from loadtests.distributed.clock import ClockOffset
from loadtests.distributed.shipping import Acknowledgement, ConfirmedTime, Shipper
from loadtests.distributed.workers import LEASE_SECONDS, DrainReport
from loadtests.http.key import api_key, has_key, key_variables
from loadtests.model.log.record import Observation
from loadtests.model.people.profile import Profile
from loadtests.model.run.guard import Guard
from loadtests.model.run.manifest import SPOOL, Manifest
from loadtests.model.run.run_name import MANIFEST
from loadtests.model.text.input_error import EXIT_PASS, EXIT_UNKNOWN, InputError
from loadtests.observing.list_snapshot import ListSnapshot
from loadtests.plugin.messaging.clock_sync import ClockSync
from loadtests.plugin.messaging.messages import MessageKind, on_message, send, send_of_run
from loadtests.plugin.messaging.spawn_messages import remember_options
from loadtests.plugin.setup import options_of
from loadtests.plugin.statistics import Statistics
from loadtests.plugin.users.role import StartRequest
from loadtests.plugin.users.user import user_classes
from loadtests.processes.greenlets import attempt, start_loop, start_task
from loadtests.recording.run_directory import write_manifest
from loadtests.run.drain import drain
from loadtests.run.process import RunProcess, ledger_file

logger = logging.getLogger(__name__)

_HELLO_SECONDS = 1.0
"""Between two hellos."""
_BEGIN_SECONDS = 30.0
"""How long a new user waits for the run to begin."""
_REPORTS = 5
"""How often a drain report is sent at most."""
_REPORT_SECONDS = 1.0
"""Between two of them."""
_SHIP_SECONDS = 0.5
"""Between two shipments; the next two are multiples of it."""
_SHIPMENTS_PER_SNAPSHOT = 2
_SHIPMENTS_PER_CLOCK = 20
_STALL_SECONDS = 10.0
"""How long the last files wait for an acknowledgement."""


class WorkerRole:
    """One worker process. `end` ends its part in the run."""

    def __init__(self, environment: Environment, runner: WorkerRunner, end: Callable[[], None]) -> None:
        api_key()
        remember_options()
        self._environment = environment
        # Read now: Locust overwrites a worker's options with the master's.
        self._runs = Path(options_of(environment).run_dir)
        self._runner = runner
        self._end = end
        self._worker_run: WorkerRun | None = None
        self._begun = Event()
        self._user_numbers: dict[str, list[int]] = {}
        self._reason, self._observe = "stopped", 0.0
        self._is_over = False
        """The master has ended the load, whether or not this worker has begun."""
        self._code = EXIT_PASS
        """Of this process: Locust's own would be that of a failed gate if a request had failed."""
        self._is_acknowledged = Event()
        self._clock_sync = ClockSync(lambda now: self._send(MessageKind.CLOCK, now))
        on_message(runner, MessageKind.RUN, self._on_run)
        on_message(runner, MessageKind.CLOCK, lambda _, answer: self._clock_sync.receive(*answer))
        on_message(runner, MessageKind.USER_NUMBERS, self._on_user_numbers)
        on_message(runner, MessageKind.LIST, self._on_list)
        on_message(runner, MessageKind.SHIPPED, self._on_shipped)
        on_message(runner, MessageKind.SNAPSHOT, self._on_snapshot)
        on_message(runner, MessageKind.DRAIN, self._on_drain, concurrent=True)
        on_message(runner, MessageKind.DRAINED, lambda *_: self._is_acknowledged.set())
        self._is_known = Event()
        on_message(runner, MessageKind.HELLO, lambda *_: self._is_known.set())
        start_loop("connecting to the master", self._say_hello)

    @property
    def run(self) -> None:
        """The run belongs to the master."""
        return None

    def prepare(self, request: StartRequest) -> bool:
        """A worker has no start form."""
        return False

    def begin(self) -> None:
        """Does nothing: the master begins the run."""

    def finish(self) -> int | None:
        """Drain, ship the rest of the record, send the drain report."""
        worker_run = self._worker_run
        if worker_run is None:
            return None
        report = worker_run.finish(self._reason, self._observe)
        self._report(worker_run.process.manifest.run, report)
        self._begun.clear()
        self._worker_run = None
        return self._code

    def process_for(self, profile: Profile) -> RunProcess | None:
        """The process of the current run; waits for it, since users may arrive just before it has begun."""
        self._begun.wait(_BEGIN_SECONDS)
        return self._worker_run.process if self._worker_run and not self._worker_run.process.ending else None

    def close(self) -> None:
        """Nothing is left to close."""

    def _report(self, run: str, report: DrainReport) -> None:
        self._is_acknowledged.clear()
        for _ in range(_REPORTS):
            send_of_run(self._runner, MessageKind.DRAINED, run, msgspec.to_builtins(report))
            if self._is_acknowledged.wait(_REPORT_SECONDS):
                return

    def _say_hello(self) -> float | None:
        self._send(MessageKind.HELLO, None)
        return None if self._is_known.wait(_HELLO_SECONDS) else 0.0

    def _on_run(self, _: str, message: dict[str, Any]) -> None:
        manifest = Manifest.model_validate_json(message["manifest"])
        known = self._environment.user_classes_by_name
        # The master's scenario may have profiles that this worker's files do not have.
        self._environment.user_classes += [
            user_class for name, user_class in user_classes(manifest.people).items() if name not in known
        ]
        self._user_numbers, self._reason, self._observe, self._is_over = {}, "stopped", 0.0, False
        guard = Guard(message["max_open"], message["max_session_minutes"])
        needs_key = bool(message["has_key"])
        start_task("joining the run", self._take_part, manifest, float(message["zero"]), guard, needs_key)

    def _on_user_numbers(self, _: str, user_numbers: dict[str, list[int]]) -> None:
        self._user_numbers |= user_numbers
        if self._worker_run:
            self._worker_run.process.user_numbers.assign(user_numbers)

    def _on_list(self, _: str, snapshot: Any) -> None:
        if self._worker_run:
            self._worker_run.process.tracker.update(msgspec.convert(snapshot, ListSnapshot))

    def _on_shipped(self, _: str, acknowledgement: list[Any]) -> None:
        if self._worker_run:
            self._worker_run.shipper.acknowledge(Acknowledgement(*acknowledgement))

    def _on_snapshot(self, _: str, sent: float) -> None:
        if self._worker_run:
            self._worker_run.renew(sent)

    def _on_drain(self, _: str, message: dict[str, Any]) -> None:
        self._reason, self._observe, self._is_over = str(message["reason"]), float(message["observe"]), True
        self._end()

    def _take_part(self, manifest: Manifest, zero: float, guard: Guard, needs_key: bool) -> None:
        if self._worker_run:
            # The master was away for long, or another one has replaced it: the run before is ended first.
            self._end()

        def send_about_run(kind: MessageKind, data: Any) -> bool:
            return send_of_run(self._runner, kind, manifest.run, data)

        try:
            if needs_key and not has_key(manifest.description):
                raise InputError.of(
                    key_variables(manifest.description)[1],
                    "is required in this worker's environment: the master never sends the key",
                )
            offset = self._clock_sync.measure()
            folder = self._make_folder(manifest)
            number = self._runner.worker_index + 1
            began = zero - offset.seconds
            statistics = Statistics(self._environment, manifest.description)
            process = RunProcess(
                manifest,
                folder / SPOOL,
                api_key(manifest.description),
                lambda: time.monotonic() - began,
                statistics,
                guard,
                number,
            )
        except (InputError, OSError) as error:
            logger.error("This worker does not take part: %s", error)
            send_about_run(MessageKind.REFUSED, str(error))
            return
        process.user_numbers.assign(self._user_numbers)
        self._worker_run = WorkerRun(process, statistics, offset, self._clock_sync, send_about_run, self._give_up)
        send_about_run(MessageKind.BEGUN, None)
        self._begun.set()
        if self._is_over:
            self._end()

    def _make_folder(self, manifest: Manifest) -> Path:
        folder = self._runs / manifest.run
        (folder / SPOOL).mkdir(parents=True, exist_ok=True)
        if not (folder / MANIFEST).exists():
            # On another machine, or in another directory than the master's: a sweep needs the manifest there too.
            write_manifest(folder, manifest)
        return folder

    def _give_up(self) -> None:
        logger.error("No message from the master for %g s: this worker closes its sessions and ends", LEASE_SECONDS)
        self._environment.process_exit_code = self._code = EXIT_UNKNOWN
        start_task("ending this worker", self._runner.quit)

    def _send(self, kind: MessageKind, data: Any) -> bool:
        return send(self._runner, kind, data)


class WorkerRun:
    """A worker's part in one run: its process, its shipments, its lease and its clock.

    `send` sends a message about the run to the master, `give_up` is called when the lease has run out.
    """

    def __init__(
        self,
        process: RunProcess,
        statistics: Statistics,
        offset: ClockOffset,
        clock_sync: ClockSync,
        send: Callable[[MessageKind, Any], bool],
        give_up: Callable[[], None],
    ) -> None:
        self.process = process
        self.shipper = Shipper(
            process.folder, process.worker, lambda chunk: send(MessageKind.SHIP, list(chunk)), time.monotonic
        )
        self._statistics = statistics
        self._offset = offset
        self._clock_sync = clock_sync
        self._send = send
        self._give_up = give_up
        self._confirmed = ConfirmedTime(self.shipper, ledger_file(process.worker))
        self._renewed = process.now()
        process.engine.observe(Observation.CLOCK, value=offset.error)
        self._turn = 0
        self._loop = start_loop("shipping the record", self._ship, process.engine.record_defect)

    def renew(self, sent: float) -> None:
        """The master has answered the heartbeat that was sent at `sent`, in seconds of the run: the lease began then."""
        self._renewed = max(self._renewed, sent)

    def finish(self, reason: str, observe: float) -> DrainReport:
        """Close all sessions and ship the rest of the record."""
        process = self.process
        drained = drain(process, reason, observe)
        logger.info("%s", drained)
        self._loop.kill()
        self._statistics.close()
        process.close()
        self._ship_rest()
        report = DrainReport(drained.left, process.recorder.lost, process.engine.defects, self.shipper.sizes)
        if self.shipper.is_done:
            self.shipper.clear()
            with contextlib.suppress(OSError):
                process.folder.rmdir()  # fails while it holds another worker's files
        return report

    def _ship(self) -> float | None:
        """Each part is carried out whatever becomes of the others: without the last, sessions would outlive the lease."""
        on_error = self.process.engine.record_defect
        self._turn += 1
        attempt("shipping files", self.shipper.ship, on_error=on_error)
        if self._turn % _SHIPMENTS_PER_SNAPSHOT == 1:
            attempt("sending a heartbeat", self._send_snapshot, on_error=on_error)
        if self._turn % _SHIPMENTS_PER_CLOCK == 0:
            start_task("checking the clock", self._check_clock, on_error=on_error)
        if self.process.now() - self._renewed > LEASE_SECONDS:
            self._give_up()
            return None
        return _SHIP_SECONDS

    def _send_snapshot(self) -> None:
        snapshot = self.process.snapshot()
        snapshot.known_until = self._confirmed.update(snapshot.known_until)
        self._send(MessageKind.SNAPSHOT, msgspec.to_builtins(snapshot))

    def _check_clock(self) -> None:
        try:
            later = self._clock_sync.measure()
        except InputError:
            return
        self.process.engine.observe(Observation.CLOCK, value=self._offset.error_now(later))

    def _ship_rest(self) -> None:
        self.shipper.ship()
        while not self.shipper.is_done and self.shipper.stalled_seconds < _STALL_SECONDS:
            gevent.sleep(0.02)
            self.shipper.ship()
