"""One run, from its directory to its last row: the share of this process, the API's list, and who leads whom."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import gevent

from loadtests.http.origin import Origin
from loadtests.model.api.surface import Operation, Surface
from loadtests.model.gates.abort import Abort
from loadtests.model.gates.counts import together
from loadtests.model.log.record import Observation
from loadtests.model.log.rows import note_row
from loadtests.model.people.profile import Profile
from loadtests.model.run.end_reason import DISK_FULL, SPENT, gate_failed
from loadtests.model.run.guard import UNGUARDED, Guard
from loadtests.model.run.manifest import Manifest, write_manifest
from loadtests.model.run.plan import LoadPlan
from loadtests.model.run.scenario import Scenario
from loadtests.model.session.ending import DrainResult
from loadtests.observing.foreign_sessions import ForeignSessions
from loadtests.observing.list_observer import PollSettings
from loadtests.observing.list_snapshot import ListSnapshot
from loadtests.observing.poller import Poller
from loadtests.recording.disk import used
from loadtests.recording.run_directory import new_folder, software
from loadtests.run.drain import drain
from loadtests.run.process import OnRequest, RunProcess
from loadtests.run.snapshot import ProcessSnapshot

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class RunSettings:
    """What a run is to be. `key` is the API key: it goes into requests, and nowhere else."""

    runs: Path
    """Where runs get their directories."""
    host: str
    sandbox: bool
    key: str = field(repr=False)
    profiles: dict[str, Profile]
    plan: LoadPlan | None
    """None: Locust's own users, each stream at its profile's rate."""
    limit: int | None
    seed: int
    observe: float
    poll: float
    tolerance: float
    guard: Guard = UNGUARDED
    duration: float | None = None
    """Of the load, in seconds; None: until somebody stops it."""
    max_disk: int | None = None
    """Bytes that the run's directory may take while the load goes on; None: as many as the disk has."""
    unstaged: Scenario | None = None
    """Without a plan: the scenario whose limit, gates and profiles hold all the same."""
    defects: tuple[str, ...] = ()
    """Of a sandbox that we started."""

    @property
    def scenario(self) -> Scenario | None:
        """The scenario, as the manifest keeps it."""
        return self.plan.scenario if self.plan else self.unstaged

    @property
    def surface(self) -> Surface:
        """The API's paths and names."""
        return self.scenario.api if self.scenario else Surface()


class Run:
    """A run that goes on, seen from the process that leads it.

    Alone it does all the load itself. With workers its own share has no users, and it knows of theirs by what they tell:
    `gather` makes the others out of the run's directory and clock.
    """

    def __init__(
        self,
        settings: RunSettings,
        on_request: OnRequest,
        on_end: Callable[[str], None],
        gather: Callable[[Path, Callable[[], float]], OtherProcesses] = lambda folder, now: OtherProcesses(),
    ) -> None:
        self.settings = settings
        self.folder = new_folder(settings.runs, settings.scenario.name if settings.scenario else "locust")
        self.zero = time.monotonic()
        self.manifest = self._describe(time.time())
        write_manifest(self.folder, self.manifest)
        self.process = RunProcess(self.manifest, self.folder, settings.key, self.now, on_request, settings.guard)
        self._others = gather(self.folder, self.now)
        self._on_end = on_end
        self._abort = Abort(settings.scenario.gates if settings.scenario else ())
        self._strangers = ForeignSessions(self._is_ours, self._known_until, self._observe, self._was_before)
        self._lookout = self._look_out()
        self._stage = ""
        self.listed: int | None = None
        """Sessions that the API's list showed last; None: nobody looks, or the last look failed."""
        self._own = ProcessSnapshot(0.0)
        self._takers: list[Callable[[list[ProcessSnapshot]], None]] = []
        self.early_end = ""
        """Why it has to end before its time: a gate that aborts, session-minutes that are used up; "": it has not."""
        self._following = gevent.spawn(self._follow_each_second)

    def now(self) -> float:
        """Seconds since the run began."""
        return time.monotonic() - self.zero

    @property
    def observe(self) -> float:
        """How long its end may watch leaks, in seconds."""
        # That costs session-minutes: with none left, leaks are closed at once.
        return 0.0 if self.early_end == SPENT else self.settings.observe

    def snapshots(self) -> list[ProcessSnapshot]:
        """The figures of each process, as of the last second."""
        return [self._own, *self._others.snapshots()]

    @property
    def foreign_sessions(self) -> int:
        """Sessions that the list shows and that are not ours."""
        return len(self._strangers.listed)

    @property
    def stage(self) -> str:
        """The scenario's stage now; "" where there is none."""
        return self._stage

    def each_second(self, take: Callable[[list[ProcessSnapshot]], None]) -> None:
        """Have `take` called with the figures of each process, once a second; it must be quick, and see each window once."""
        self._takers.append(take)

    def drain(self, reason: str) -> DrainResult:
        """End the load of this process."""
        return drain(self.process, reason, self.observe)

    def seal(self, load_ended: float, reason: str, **came_to: int) -> Manifest:
        """The drain is over: close everything, complete the manifest with `came_to`. Raises OSError."""
        self._following.kill()
        if self._lookout:
            self._lookout.close()
        self.process.close()
        done = {"load_ended": load_ended, "ended": self.now(), "end_reason": reason, **came_to}
        self.manifest = self.manifest.model_copy(update=done)
        write_manifest(self.folder, self.manifest)
        return self.manifest

    def _describe(self, wall: float) -> Manifest:
        settings = self.settings
        return Manifest(
            run=self.folder.name,
            host=settings.host,
            sandbox=settings.sandbox,
            started_unix=wall,
            seed=settings.seed,
            defects_injected=settings.defects,
            limit=settings.limit,
            observe=settings.observe,
            poll=settings.poll,
            tolerance=settings.tolerance,
            people=settings.profiles,
            scenario=settings.scenario,
            stages_replaced=settings.plan is None,
            scale=settings.plan.scale if settings.plan else 1.0,
            software=software(),
        )

    # The API's list.

    def _look_out(self) -> Poller | None:
        manifest, surface = self.manifest, self.manifest.surface
        path = surface.path(Operation.LIST)
        if not manifest.poll or not path:
            return None
        url = f"{Origin.parse(manifest.host).url}{path}"
        return Poller(PollSettings(url, manifest.poll, manifest.timeout, self.zero, surface.session_id), self._take)

    def _take(self, look: ListSnapshot) -> None:
        self.listed = look.count if look.count >= 0 else None
        self.process.recorder.append(look.row())
        self.process.tracker.update(look)
        self._others.send_list(look)
        self._strangers.update(look)

    def _is_ours(self, session_id: str) -> bool:
        return self.process.tracker.knows(session_id) or self._others.knows(session_id)

    def _known_until(self) -> float:
        return min(self.process.engine.known_until, self._others.known_until())

    def _observe(self, kind: str, value: float, detail: str, at: float) -> None:
        self.process.recorder.append(note_row(at, kind, None, value, detail))

    def _was_before(self, session_id: str, created: float) -> None:
        if created <= self.manifest.started_unix:
            self.process.ledger.preexisting(session_id)

    def _follow_each_second(self) -> None:
        while True:
            plan, now = self.settings.plan, self.now()
            stage = plan.stage(now) if plan else ""
            if stage and stage != self._stage:
                self._stage = stage
                self.process.engine.observe(Observation.STAGE, detail=stage)
            if not self.early_end and not self.process.ending and (reason := self._reason_to_end(now)):
                self.early_end = reason
                self._on_end(reason)
            self._tell_pulses()
            gevent.sleep(max(0.0, 1 - self.now() % 1))

    def _reason_to_end(self, now: float) -> str:
        if self.settings.guard.is_spent(self._session_seconds()):
            return SPENT
        if self.settings.max_disk is not None and used(self.folder) > self.settings.max_disk:
            return DISK_FULL
        others = self._others.snapshots()
        counts = together([self.process.counters.counts, *(pulse.counts for pulse in others)])
        # What all are known to have counted: a window begins when the last of them has told of its beginning.
        gate = self._abort.broken(min([now, *(pulse.now for pulse in others)]), counts)
        return gate_failed(gate) if gate else ""

    def _tell_pulses(self) -> None:
        self._own = self.process.snapshot()
        pulses = self.snapshots()
        for take in self._takers:
            try:
                take(pulses)
            except Exception:
                logger.exception("Whoever follows the run's figures failed")

    def _session_seconds(self) -> float:
        return self.process.engine.session_seconds + sum(pulse.session_seconds for pulse in self._others.snapshots())


class OtherProcesses:
    """The other processes of a run, of which a process that is alone has none."""

    def snapshots(self) -> list[ProcessSnapshot]:
        """Their figures, as last told."""
        return []

    def send_list(self, look: ListSnapshot) -> None:
        """Tell them of a look at the API's list."""

    def knows(self, session_id: str) -> bool:
        """Whether one of them opened that session."""
        return False

    def known_until(self) -> float:
        """The second before which none of them has a `new` without its answer, as far as is known here."""
        return float("inf")
