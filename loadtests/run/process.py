"""The part of a run that one process carries out: its engine, its event log and ledger, its users."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from pathlib import Path

from loadtests.engine.engine import Engine
from loadtests.engine.task import TaskScope
from loadtests.http.codec import Codec
from loadtests.http.connection import Connection
from loadtests.http.route import route_to
from loadtests.model.log.record import SESSIONS_PER_WORKER, Observation
from loadtests.model.people.draw import Draw
from loadtests.model.people.profile import Profile
from loadtests.model.run.guard import Guard
from loadtests.model.run.manifest import Manifest
from loadtests.model.session.behaviour import Visit, arrivals, returning_person
from loadtests.model.session.ending import DrainPhase, closing
from loadtests.model.session.listener import EngineListener
from loadtests.model.session.person import People
from loadtests.model.session.session import Session
from loadtests.model.session.steps import Behaviour, Closing
from loadtests.observing.session_tracker import SessionTracker
from loadtests.processes.greenlets import start_loop
from loadtests.recording.ledger import FILE, Ledger
from loadtests.recording.memory import resident_bytes
from loadtests.recording.recorder import Recorder
from loadtests.run.counters import Counters
from loadtests.run.snapshot import ProcessSnapshot
from loadtests.run.user_numbers import UserNumbers

_MEMORY_SECONDS = 60
"""Between two records of the process's memory."""


class RunProcess:
    """One process's part of the run that `manifest` describes.

    `worker` is its number, 0 for the process that leads. `listener` is notified by the engine after the counters and the tracker.
    Raises InputError if this machine's proxy or certificates cannot be used.
    """

    def __init__(
        self,
        manifest: Manifest,
        folder: Path,
        key: str,
        now: Callable[[], float],
        listener: EngineListener,
        guard: Guard,
        worker: int = 0,
    ) -> None:
        # First, since it raises InputError: nothing is open yet.
        route = route_to(manifest.host, is_sandbox=manifest.sandbox)
        self.manifest = manifest
        self.folder = folder
        self.now = now
        """The run's clock, in seconds."""
        self.worker = worker
        self.recorder = Recorder(folder, manifest.people, worker)
        self.ledger = Ledger(folder, ledger_file(worker))
        self.engine = Engine(
            Codec(route, manifest.description, key, manifest.people),
            lambda: Connection(route, now),
            self.recorder,
            self.ledger,
            now,
            manifest.timeout,
            guard,
        )
        self.tracker = SessionTracker(self.engine)
        self.counters = Counters()
        for each in (self.counters, self.tracker, listener):
            self.engine.add_listener(each)
        self.user_numbers = UserNumbers(worker)
        self._scopes: dict[tuple[str, int], TaskScope] = {}
        self._number = count(worker * SESSIONS_PER_WORKER + 1).__next__
        self._plan = manifest.plan
        self.ending = False
        """Whether the drain has begun: no new users are admitted."""
        self.drain_phase: DrainPhase | None = None
        """What the drain is doing; None: it has not begun."""
        self._next_memory = 0.0
        self._ticking = start_loop("recording the process's health", self._tick, self.engine.record_defect)

    def add_user(self, profile: Profile, visit: Visit | None = None) -> int:
        """Adds a Locust user: a stream of arrivals or one closed-model person. `visit` replaces the profile's behaviour.

        Returns the user's number, for `remove_user`.
        """
        # The manifest's version of the profile takes precedence: a worker's files may differ from the master's.
        profile = self.manifest.people.get(profile.name, profile)
        number = self.user_numbers.acquire(profile.name)
        self._scopes[profile.name, number] = self.engine.start(self._behaviour(profile, number, visit))
        return number

    def remove_user(self, profile: Profile, number: int) -> list[Session]:
        """Removes a Locust user. Returns the sessions that a closed-model person leaves open; people of a stream stay."""
        ended = self.user_numbers.release(profile.name, number)
        scope = self._scopes.pop((profile.name, ended), None)
        return self.engine.stop(scope) if scope else []

    def close_orphan(self, session: Session) -> None:
        """Closes a session that a lost process left open."""
        self.engine.adopt(session)
        self.engine.start(closing(session, Closing.SWEEP, self.now()))

    def snapshot(self) -> ProcessSnapshot:
        """Returns the figures now, and resets those of the window since the last snapshot."""
        figures = self.counters.snapshot(self.now(), self.engine)
        figures.lost_events = self.recorder.lost
        figures.drain_phase = self.drain_phase
        return figures

    def close(self) -> None:
        """Ends everything after the drain, and writes the rest of the event log."""
        self._ticking.kill()
        self._record_memory()
        self.engine.tick()
        self.engine.close()
        self.recorder.close()
        self.ledger.close()

    def _behaviour(self, profile: Profile, number: int, visit: Visit | None) -> Behaviour:
        seed, name, plan = self.manifest.seed, profile.name, self._plan
        person = People(profile, seed, number, self._number)
        draw = Draw.of(seed, name, "stream", number)
        if profile.arrivals.model == "closed":
            return returning_person(profile, person, draw, self.now(), visit)
        rate = profile.arrivals.rate
        if plan is None:
            return arrivals(lambda t: rate, rate, person, draw, self.now(), visit)
        return arrivals(lambda t: plan.stream_rate(name, t), rate, person, draw, self.now(), visit)

    def _tick(self) -> float:
        self.counters.loop_delay(self.engine.tick())
        self.tracker.forget(self.now())
        if self.now() >= self._next_memory:
            self._next_memory = self.now() + _MEMORY_SECONDS
            self._record_memory()
        return max(0.0, 1 - self.now() % 1)

    def _record_memory(self) -> None:
        self.engine.observe(Observation.MEMORY, value=float(resident_bytes()))


def ledger_file(worker: int) -> str:
    """Returns the name of a process's ledger."""
    return f"ledger-w{worker}.jsonl" if worker else FILE
