"""One process's share of a run: its engine, its part of the record, its users. Knows neither Locust nor other processes."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from pathlib import Path

import gevent

from loadtests.engine.engine import Engine, TaskScope
from loadtests.http.codec import Codec
from loadtests.http.connection import Connection
from loadtests.http.origin import Origin
from loadtests.model.api.answer import Answer
from loadtests.model.log.record import Observation
from loadtests.model.people.draw import Draw
from loadtests.model.people.profile import Profile
from loadtests.model.run.guard import Guard
from loadtests.model.run.manifest import Manifest
from loadtests.model.session.behaviour import Person, Visit, arrivals, returning_person
from loadtests.model.session.ending import DrainPhase, closing
from loadtests.model.session.session import Session
from loadtests.model.session.steps import Behaviour, Call, Closing
from loadtests.observing.session_tracker import SessionTracker
from loadtests.recording.ledger import FILE, Ledger
from loadtests.recording.memory import resident_bytes
from loadtests.recording.recorder import Recorder
from loadtests.run.counters import Counters
from loadtests.run.snapshot import ProcessSnapshot
from loadtests.run.user_numbers import UserNumbers

NUMBERS_A_WORKER = 1_000_000_000
"""Numbers of a worker's sessions begin with the worker's own: 2000000017 is the 17th of worker 2."""

_BEATS_A_WEIGHING = 60
"""Seconds."""
OnRequest = Callable[[Call, Answer, int], None]
"""Told of each call, its answer, and the body's size in bytes."""


class RunProcess:
    """What one process does of the run that `manifest` describes. `worker`: its number; 0 for the process that leads."""

    def __init__(
        self,
        manifest: Manifest,
        folder: Path,
        key: str,
        now: Callable[[], float],
        on_request: OnRequest,
        guard: Guard,
        worker: int = 0,
    ) -> None:
        self.manifest = manifest
        self.folder = folder
        self.now = now
        """The run's clock, in seconds."""
        self.worker = worker
        self.recorder = Recorder(folder, manifest.people, worker)
        self.ledger = Ledger(folder, ledger_file(worker))
        self._on_request = on_request
        self.counters = Counters()
        origin = Origin.parse(manifest.host)
        self.engine = Engine(
            Codec(origin, manifest.surface, key, manifest.people),
            lambda: Connection(origin, now),
            self.recorder,
            self.ledger,
            self,
            now,
            manifest.timeout,
            guard,
        )
        self.tracker = SessionTracker(self.engine)
        self.user_numbers = UserNumbers(worker)
        self._scopes: dict[tuple[str, int], TaskScope] = {}
        self._number = count(worker * NUMBERS_A_WORKER + 1).__next__
        self._plan = manifest.plan
        self.ending = False
        """No person is let in any more."""
        self.drain_phase: DrainPhase | None = None
        """What the drain is doing; None: it has not begun."""
        self._beat = gevent.spawn(self._beat_each_second)

    def add_user(self, profile: Profile, visit: Visit | None = None) -> int:
        """One more Locust user: a stream of arrivals, or a person; `visit`: what they do, if it is not the profile's.

        Returns its number, by which it goes again.
        """
        # The run's own version of the profile, where it has one: a worker's files may differ from the master's.
        profile = self.manifest.people.get(profile.name, profile)
        number = self.user_numbers.acquire(profile.name)
        self._scopes[profile.name, number] = self.engine.start(self._behaviour(profile, number, visit))
        return number

    def remove_user(self, profile: Profile, number: int) -> list[Session]:
        """One Locust user less. What a closed-model person leaves open is returned; people who came by a stream stay."""
        ends = self.user_numbers.release(profile.name, number)
        scope = self._scopes.pop((profile.name, ends), None)
        return self.engine.stop(scope) if scope else []

    def close_orphan(self, session: Session) -> None:
        """Close a session that another process opened, and that it cannot close any more."""
        self.engine.adopt(session)
        self.engine.start(closing(session, Closing.SWEEP, self.now()))

    def snapshot(self) -> ProcessSnapshot:
        """The figures now; those of a window begin anew."""
        pulse = self.counters.snapshot(self.now(), self.engine)
        pulse.lost_events = self.recorder.lost
        pulse.drain_phase = self.drain_phase
        return pulse

    def close(self) -> None:
        """The drain is over: end everything, and write the rest of the record."""
        self._beat.kill()
        self._weigh()
        self.engine.tick()
        self.engine.close()
        self.recorder.close()
        self.ledger.close()

    # What the engine tells.

    def answered(self, call: Call, answer: Answer, size: int) -> None:
        """A call was answered."""
        self.counters.answered(call, answer)
        self._on_request(call, answer, size)

    def opened(self, session: Session) -> None:
        """A session was opened."""
        self.tracker.opened(session)

    def closed(self, session: Session) -> None:
        """A session is closed."""
        self.tracker.closed(session)
        self.counters.closed(session, self.now())

    def given_up(self, session: Session) -> None:
        """A session will not be opened."""
        self.counters.given_up(session)

    def _behaviour(self, profile: Profile, number: int, visit: Visit | None) -> Behaviour:
        seed, name, plan = self.manifest.seed, profile.name, self._plan

        def person(visit: int) -> Person:
            return Person(profile, Draw(seed, name, "person", number, visit), self._number)

        draw = Draw(seed, name, "stream", number)
        if profile.arrivals.model == "closed":
            return returning_person(profile, person, draw, self.now(), visit)
        rate = profile.arrivals.rate
        if plan is None:
            return arrivals(lambda t: rate, rate, person, draw, self.now(), visit)
        return arrivals(lambda t: plan.stream_rate(name, t), rate, person, draw, self.now(), visit)

    def _beat_each_second(self) -> None:
        for beat in count():
            self.counters.loop_delay(self.engine.tick())
            if beat % _BEATS_A_WEIGHING == 0:
                self._weigh()
            gevent.sleep(max(0.0, 1 - self.now() % 1))

    def _weigh(self) -> None:
        self.engine.observe(Observation.MEMORY, value=float(resident_bytes()))


def ledger_file(worker: int) -> str:
    """The name of a process's ledger."""
    return f"ledger-w{worker}.jsonl" if worker else FILE
