"""A worker: does its share of the load, and ships what it records to the master."""

from __future__ import annotations

import contextlib
import logging
import time
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any

import gevent
import msgspec
from gevent.event import Event
from locust.env import Environment
from locust.runners import WorkerRunner

from loadtests.distributed.clock import ClockOffset
from loadtests.distributed.shipping import Confirmed, Receipt, Shipper
from loadtests.distributed.workers import LEASE_SECONDS, DrainReport
from loadtests.http.key import VARIABLE, api_key, has_key
from loadtests.model.log.record import Observation
from loadtests.model.people.profile import Profile
from loadtests.model.run.guard import Guard
from loadtests.model.run.manifest import FILE, SPOOL, Manifest, write_manifest
from loadtests.model.text.input_error import EXIT_UNKNOWN, InputError
from loadtests.observing.list_snapshot import ListSnapshot
from loadtests.plugin.clock_sync import ClockSync
from loadtests.plugin.messages import MessageKind, on_message, post_of_run, send
from loadtests.plugin.role import StartRequest
from loadtests.plugin.setup import options_of
from loadtests.plugin.statistics import Statistics
from loadtests.plugin.user import user_classes
from loadtests.run.drain import drain
from loadtests.run.process import RunProcess, ledger_file

logger = logging.getLogger(__name__)

_HELLO_EACH_SECONDS = 1.0
_BEGIN_SECONDS = 30.0
_ACCOUNTS = 5
_ACCOUNT_EACH_SECONDS = 1.0
_SHIP_EACH_SECONDS = 0.5
_BEATS_A_PULSE = 2
_BEATS_A_CLOCK = 20
_NO_RECEIPT_SECONDS = 10.0


class WorkerRole:
    """One worker process. `end` ends its part in the run, whoever asks for it."""

    def __init__(self, environment: Environment, runner: WorkerRunner, end: Callable[[], None]) -> None:
        api_key()
        self._environment = environment
        # Its own: Locust overwrites a worker's options with the master's.
        self._runs = Path(options_of(environment).run_dir)
        self._runner = runner
        self._end = end
        self._part: Part | None = None
        self._begun = Event()
        self._places: dict[str, list[int]] = {}
        self._reason, self._observe = "stopped", 0.0
        self._is_over = False
        """The master has said that the load is over, if this worker has begun or not."""
        self._is_heard = Event()
        self._timekeeper = ClockSync(lambda now: self._tell(MessageKind.CLOCK, now))
        on_message(runner, MessageKind.RUN, self._told_run)
        on_message(runner, MessageKind.CLOCK, lambda _, answer: self._timekeeper.receive(*answer))
        on_message(runner, MessageKind.PLACES, self._told_places)
        on_message(runner, MessageKind.LOOK, self._told_look)
        on_message(runner, MessageKind.SHIPPED, self._told_shipped)
        on_message(runner, MessageKind.PULSE, self._told_pulse)
        on_message(runner, MessageKind.DRAIN, self._told_to_drain, apart=True)
        on_message(runner, MessageKind.DRAINED, lambda *_: self._is_heard.set())
        self._is_known = Event()
        on_message(runner, MessageKind.HELLO, lambda *_: self._is_known.set())
        gevent.spawn(self._say_hello)

    @property
    def run(self) -> None:
        """The run is the master's."""
        return None

    def prepare(self, asked: StartRequest) -> bool:
        """A worker has no form."""
        return False

    def begin(self) -> None:
        """Locust has users for it; the run is the master's to begin."""

    def finish(self) -> int | None:
        """Drain, ship the rest, give account."""
        part = self._part
        if part is None:
            return None
        account = part.finish(self._reason, self._observe)
        self._give_account(part.share.manifest.run, account)
        self._begun.clear()
        self._part = None
        return None

    def process_for(self, profile: Profile) -> RunProcess | None:
        """Of the run that the master has told of; a user may come a moment before it has begun."""
        self._begun.wait(_BEGIN_SECONDS)
        return self._part.share if self._part and not self._part.share.ending else None

    def close(self) -> None:
        """Nothing of its own is left."""

    def _give_account(self, run: str, account: DrainReport) -> None:
        self._is_heard.clear()
        for _ in range(_ACCOUNTS):
            post_of_run(self._runner, MessageKind.DRAINED, run, msgspec.to_builtins(account))
            if self._is_heard.wait(_ACCOUNT_EACH_SECONDS):
                return

    def _say_hello(self) -> None:
        while not self._is_known.is_set():
            self._tell(MessageKind.HELLO, None)
            self._is_known.wait(_HELLO_EACH_SECONDS)

    def _told_run(self, _: str, told: dict[str, Any]) -> None:
        manifest = Manifest.model_validate_json(told["manifest"])
        known = self._environment.user_classes_by_name
        # A scenario that only the master was given may have profiles that this worker's files have not.
        self._environment.user_classes += [
            user_class for name, user_class in user_classes(manifest.people).items() if name not in known
        ]
        self._places, self._reason, self._observe, self._is_over = {}, "stopped", 0.0, False
        guard = Guard(told["max_open"], told["max_session_minutes"])
        needs_key = bool(told["has_key"])
        gevent.spawn(self._take_part, manifest, float(told["zero"]), guard, needs_key)

    def _told_places(self, _: str, places: dict[str, list[int]]) -> None:
        self._places |= places
        if self._part:
            self._part.share.user_numbers.assign(places)

    def _told_look(self, _: str, look: Any) -> None:
        if self._part:
            self._part.share.tracker.update(msgspec.convert(look, ListSnapshot))

    def _told_shipped(self, _: str, receipt: list[Any]) -> None:
        if self._part:
            self._part.shipper.received(Receipt(*receipt))

    def _told_pulse(self, *_: Any) -> None:
        if self._part:
            self._part.renew()

    def _told_to_drain(self, _: str, told: dict[str, Any]) -> None:
        self._reason, self._observe, self._is_over = str(told["reason"]), float(told["observe"]), True
        self._end()

    def _take_part(self, manifest: Manifest, zero: float, guard: Guard, needs_key: bool) -> None:
        if self._part:
            # The master was away for long, or another has taken its place: what is left of the run before is closed first.
            self._end()

        def tell(kind: MessageKind, data: Any) -> bool:
            return post_of_run(self._runner, kind, manifest.run, data)

        try:
            if needs_key and not has_key():
                raise InputError.of(VARIABLE, "is not set in this worker's environment: the key is never sent to it")
            offset = self._timekeeper.measure()
            folder = self._make_folder(manifest)
            number = self._runner.worker_index + 1
            away = zero - offset.seconds
            statistics = Statistics(self._environment, manifest.surface)
            share = RunProcess(
                manifest, folder / SPOOL, api_key(), lambda: time.monotonic() - away, statistics.answered, guard, number
            )
        except (InputError, OSError) as error:
            logger.error("This worker does not take part: %s", error)
            tell(MessageKind.REFUSED, str(error))
            return
        share.user_numbers.assign(self._places)
        self._part = Part(share, statistics, offset, self._timekeeper, tell, self._give_up)
        tell(MessageKind.BEGUN, None)
        self._begun.set()
        if self._is_over:
            self._end()

    def _make_folder(self, manifest: Manifest) -> Path:
        folder = self._runs / manifest.run
        (folder / SPOOL).mkdir(parents=True, exist_ok=True)
        if not (folder / FILE).exists():
            # Another machine, or another directory: what a sweep needs is here then, too.
            write_manifest(folder, manifest)
        return folder

    def _give_up(self) -> None:
        logger.error("The master was not heard of for %g s: this worker closes its sessions and ends", LEASE_SECONDS)
        self._environment.process_exit_code = EXIT_UNKNOWN
        gevent.spawn(self._runner.quit)

    def _tell(self, kind: MessageKind, data: Any) -> bool:
        return send(self._runner, kind, data)


class Part:
    """A worker's part in one run: its share of the load, and what keeps it together with the master."""

    def __init__(
        self,
        share: RunProcess,
        statistics: Statistics,
        offset: ClockOffset,
        timekeeper: ClockSync,
        tell: Callable[[MessageKind, Any], bool],
        give_up: Callable[[], None],
    ) -> None:
        self.share = share
        self.shipper = Shipper(
            share.folder, share.worker, lambda parcel: tell(MessageKind.SHIP, list(parcel)), time.monotonic
        )
        self._statistics = statistics
        self._offset = offset
        self._timekeeper = timekeeper
        self._tell = tell
        self._give_up = give_up
        self._confirmed = Confirmed(self.shipper, ledger_file(share.worker))
        self._heard = time.monotonic()
        share.engine.observe(Observation.CLOCK, value=offset.error)
        self._tending = gevent.spawn(self._tend)

    def renew(self) -> None:
        """The master has answered: the lease begins anew."""
        self._heard = time.monotonic()

    def finish(self, reason: str, observe: float) -> DrainReport:
        """Close everything, and ship the rest."""
        share = self.share
        drained = drain(share, reason, observe)
        logger.info("%s", drained)
        self._tending.kill()
        self._statistics.close()
        share.close()
        self._ship_the_rest()
        account = DrainReport(drained.left, share.recorder.lost, share.engine.defects, self.shipper.sizes)
        if self.shipper.is_done:
            self.shipper.clear()
            with contextlib.suppress(OSError):
                share.folder.rmdir()  # refused while another worker's files are there
        return account

    def _tend(self) -> None:
        """Ship, pulse, look at the clock and after the lease: until killed."""
        for beat in count():
            self.shipper.ship()
            if beat % _BEATS_A_PULSE == 0:
                self._tell_pulse()
            if beat % _BEATS_A_CLOCK == _BEATS_A_CLOCK - 1:
                gevent.spawn(self._look_at_clock)
            if time.monotonic() - self._heard > LEASE_SECONDS:
                return self._give_up()
            gevent.sleep(_SHIP_EACH_SECONDS)

    def _tell_pulse(self) -> None:
        pulse = self.share.snapshot()
        pulse.known_until = self._confirmed.at(pulse.known_until)
        self._tell(MessageKind.PULSE, msgspec.to_builtins(pulse))

    def _look_at_clock(self) -> None:
        try:
            later = self._timekeeper.measure()
        except InputError:
            return
        self.share.engine.observe(Observation.CLOCK, value=self._offset.error_now(later))

    def _ship_the_rest(self) -> None:
        self.shipper.ship()
        while not self.shipper.is_done and self.shipper.silence < _NO_RECEIPT_SECONDS:
            gevent.sleep(0.02)
            self.shipper.ship()
