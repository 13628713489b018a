"""One run, as the process that leads it sees it: settings, this process's part, the API's list, the other processes."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from loadtests.model.api.description.description import ApiDescription
from loadtests.model.gates.abort import Abort
from loadtests.model.gates.counts import together
from loadtests.model.log.record import Observation
from loadtests.model.log.rows import note_row
from loadtests.model.people.profile import Profile
from loadtests.model.run.end_reason import DISK_FULL, SPENT, UNMEASURED, gate_failed, nothing_opened
from loadtests.model.run.guard import UNGUARDED, Guard
from loadtests.model.run.manifest import Manifest
from loadtests.model.run.plan import LoadPlan
from loadtests.model.run.scenario import Scenario, api_of
from loadtests.model.session.ending import DrainResult
from loadtests.model.session.listener import EngineListener
from loadtests.observing.foreign_sessions import ForeignSessions
from loadtests.observing.list_observer import PollSettings
from loadtests.observing.list_snapshot import ListSnapshot
from loadtests.observing.poller import Poller
from loadtests.processes.greenlets import attempt, start_loop
from loadtests.recording.disk import used
from loadtests.recording.run_directory import new_folder, software_versions, write_manifest
from loadtests.run.drain import drain
from loadtests.run.hopeless import Hopeless
from loadtests.run.process import RunProcess
from loadtests.run.snapshot import ProcessSnapshot


@dataclass(frozen=True)
class RunSettings:
    """The settings of a run. `key` is the API key, used only in requests."""

    runs: Path
    """The directory for run directories."""
    host: str
    sandbox: bool
    key: str = field(repr=False)
    profiles: dict[str, Profile]
    plan: LoadPlan | None
    """None: Locust controls the users; each stream has its profile's rate."""
    limit: int | None
    seed: int
    observe: float
    poll: float
    tolerance: float
    guard: Guard = UNGUARDED
    duration: float | None = None
    """Of the load, in seconds; None: until it is stopped."""
    max_disk: int | None = None
    """Limit of the run directory's size in bytes while the load goes on; None: no limit."""
    unstaged: Scenario | None = None
    """Without a plan: the scenario whose limit, gates and profiles still apply."""
    api: ApiDescription | None = None
    """The API that was named for the run; None: the scenario's, or the default one."""
    defects: tuple[str, ...] = ()
    """Defects of a sandbox that this process started."""

    @property
    def scenario(self) -> Scenario | None:
        """The scenario, as the manifest records it."""
        return self.plan.scenario if self.plan else self.unstaged

    @property
    def description(self) -> ApiDescription:
        """The API's description."""
        return api_of(self.api, self.scenario)


class Run:
    """A run in progress, in the process that leads it.

    Without workers this process generates all the load. With workers it has no users of its own and learns of theirs by messages.
    `connect_others` creates the view of the other processes from the run's directory and clock. `listener` is added to this
    process's engine. `on_end` is called with the reason if the run has to end early.
    """

    def __init__(
        self,
        settings: RunSettings,
        listener: EngineListener,
        on_end: Callable[[str], None],
        connect_others: Callable[[Path, Callable[[], float]], OtherProcesses] = lambda folder, now: OtherProcesses(),
    ) -> None:
        self.settings = settings
        self.folder = new_folder(settings.runs, settings.scenario.name if settings.scenario else "locust")
        self.zero = time.monotonic()
        self.manifest = self._make_manifest(time.time())
        write_manifest(self.folder, self.manifest)
        self.process = RunProcess(self.manifest, self.folder, settings.key, self.now, listener, settings.guard)
        self._others = connect_others(self.folder, self.now)
        self._on_end = on_end
        self._abort = Abort(settings.scenario.gates if settings.scenario else ())
        self._foreign = ForeignSessions(
            self._is_ours, self._known_until, self._record_observation, self._record_preexisting
        )
        self._poller = self._start_poller()
        self._hopeless = Hopeless()
        self._stage = ""
        self.listed: int | None = None
        """Number of sessions in the API's list; None: it is not polled, or the last poll failed."""
        self._own_snapshot = ProcessSnapshot(0.0)
        self._followers: list[Callable[[list[ProcessSnapshot]], None]] = []
        self.early_end = ""
        """Why the run has to end early, for example a gate that aborts; "": it does not."""
        self._ticking = start_loop("watching the run", self._tick, self.process.engine.record_defect)

    def now(self) -> float:
        """Returns the seconds since the run began."""
        return time.monotonic() - self.zero

    @property
    def observe(self) -> float:
        """How long the end of the run may observe leaks, in seconds."""
        # Open leaks use session-minutes: with none left they are closed at once.
        return 0.0 if self.early_end == SPENT else self.settings.observe

    def snapshots(self) -> list[ProcessSnapshot]:
        """Returns the figures of each process, at most a second old."""
        return [self._own_snapshot, *self._others.snapshots()]

    @property
    def foreign_sessions(self) -> int:
        """Number of listed sessions that the run did not open."""
        return len(self._foreign.listed)

    @property
    def stage(self) -> str:
        """The scenario's current stage; "" without one, and after the load."""
        return self._stage

    def each_second(self, follower: Callable[[list[ProcessSnapshot]], None]) -> None:
        """Calls `follower` once a second with the figures of each process. It must not block."""
        self._followers.append(follower)

    def drain(self, reason: str) -> DrainResult:
        """Ends the load of this process."""
        return drain(self.process, reason, self.observe)

    def seal(self, load_ended: float, reason: str, **totals: int) -> Manifest:
        """Closes everything after the drain, and completes the manifest with `totals`. Raises OSError."""
        self._ticking.kill()
        if self._poller:
            self._poller.close()
        self.process.close()
        end = {"load_ended": load_ended, "ended": self.now(), "end_reason": reason, **totals}
        self.manifest = self.manifest.model_copy(update=end)
        write_manifest(self.folder, self.manifest)
        return self.manifest

    def _make_manifest(self, started_unix: float) -> Manifest:
        settings = self.settings
        return Manifest(
            run=self.folder.name,
            host=settings.host,
            sandbox=settings.sandbox,
            started_unix=started_unix,
            seed=settings.seed,
            defects_injected=settings.defects,
            limit=settings.limit,
            observe=settings.observe,
            poll=settings.poll,
            tolerance=settings.tolerance,
            people=settings.profiles,
            api=settings.api,
            scenario=settings.scenario,
            stages_replaced=settings.plan is None,
            scale=settings.plan.scale if settings.plan else 1.0,
            software=software_versions(),
        )

    # The API's list.

    def _start_poller(self) -> Poller | None:
        manifest, api = self.manifest, self.manifest.description
        if not manifest.poll or api.list is None:
            return None
        return Poller(
            PollSettings(
                manifest.host, api.model_dump_json(), manifest.poll, manifest.timeout, self.zero, manifest.sandbox
            ),
            self._record_list,
            self.process.engine.record_defect,
        )

    def _record_list(self, snapshot: ListSnapshot) -> None:
        self.listed = snapshot.count if snapshot.count >= 0 else None
        self.process.recorder.append(snapshot.row())
        self.process.tracker.update(snapshot)
        self._others.send_list(snapshot)
        self._foreign.update(snapshot)

    def _is_ours(self, session_id: str) -> bool:
        return self.process.tracker.knows(session_id) or self._others.knows(session_id)

    def _known_until(self) -> float:
        return min(self.process.engine.known_until, self._others.known_until())

    def _record_observation(self, kind: str, value: float, detail: str, at: float) -> None:
        self.process.recorder.append(note_row(at, kind, None, value, detail))

    def _record_preexisting(self, session_id: str, created: float) -> None:
        if created <= self.manifest.started_unix:
            self.process.ledger.preexisting(session_id)

    def _tick(self) -> float:
        """Each part is carried out whatever becomes of the others."""
        parts = {
            "noting the stage": self._note_stage,
            "checking the guards": self._end_if_necessary,
            "reporting the run's figures": self._notify_followers,
        }
        for name, part in parts.items():
            attempt(name, part, on_error=self.process.engine.record_defect)
        return max(0.0, 1 - self.now() % 1)

    def _note_stage(self) -> None:
        plan = self.settings.plan
        # A run that was stopped has no further stages, whatever the time.
        stage = plan.stage(self.now()) if plan and not self.process.ending else ""
        if stage == self._stage:
            return
        self._stage = stage
        if stage:
            self.process.engine.observe(Observation.STAGE, detail=stage)

    def _end_if_necessary(self) -> None:
        if self.early_end or self.process.ending:
            return
        reason = UNMEASURED
        try:
            reason = self._reason_to_end(self.now())
        finally:
            # A guard that raises ends the run, too: what it guards is not known any more.
            if reason:
                self.early_end = reason
                self._on_end(reason)

    def _reason_to_end(self, now: float) -> str:
        if self.settings.guard.is_spent(self._session_seconds()):
            return SPENT
        if self.settings.max_disk is not None and used(self.folder) > self.settings.max_disk:
            return DISK_FULL
        others = self._others.snapshots()
        counts = together([self.process.counters.counts, *(other.counts for other in others)])
        # As of the oldest snapshot: a gate's window begins once all processes have reported its beginning.
        if why := self._hopeless_because(now, others):
            return nothing_opened(why)
        gate = self._abort.broken(min([now, *(other.now for other in others)]), counts)
        return gate_failed(gate) if gate else ""

    def _hopeless_because(self, now: float, others: list[ProcessSnapshot]) -> str:
        counters = self.process.counters
        failed = Counter(counters.failed_attempts.by_cause)
        for other in others:
            failed.update(other.failed_attempts)
        return self._hopeless.reason(now, counters.opened + sum(other.opened for other in others), failed)

    def _notify_followers(self) -> None:
        self._own_snapshot = self.process.snapshot()
        snapshots = self.snapshots()
        for follower in self._followers:
            attempt("showing the run's figures", follower, snapshots, on_error=self.process.engine.record_defect)

    def _session_seconds(self) -> float:
        return self.process.engine.session_seconds + sum(other.session_seconds for other in self._others.snapshots())


class OtherProcesses:
    """The other processes of a run. This one is for a run of a single process: there are none."""

    def snapshots(self) -> list[ProcessSnapshot]:
        """Returns their last figures."""
        return []

    def send_list(self, snapshot: ListSnapshot) -> None:
        """Sends them a snapshot of the API's list."""

    def knows(self, session_id: str) -> bool:
        """Whether one of them opened that session."""
        return False

    def known_until(self) -> float:
        """Returns the time before which every `new` of theirs has its answer, and is known here."""
        return float("inf")
