"""A run in virtual time: the same persons against the same rules, hours in seconds, with the same event log and report.

A simulated run has no network, no slow server and no load generator that can be late. The rules process a call at the
moment it is sent; its reply arrives after a sampled latency.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import GeneratorType
from typing import Any, Protocol

import msgspec

from loadtests.defects.defect import Injected
from loadtests.engine.garbage import infrequent_collection
from loadtests.model.api.answer import Answer, Outcome, Reason
from loadtests.model.api.operation import Operation
from loadtests.model.api.rules import Terms
from loadtests.model.log.record import Observation, Row
from loadtests.model.log.rows import call_row, note_row
from loadtests.model.maths.calendar_queue import CalendarQueue
from loadtests.model.people.distribution import Lognormal
from loadtests.model.people.profile import Profile
from loadtests.model.run.end_reason import TIME_OVER
from loadtests.model.run.plan import LoadPlan
from loadtests.model.session.ending import DrainBounds, DrainResult, DrainView, closing, ending
from loadtests.model.session.session import Session, State
from loadtests.model.session.steps import Behaviour, Call, Closing, Fork, Note, Resumable, Sleep
from loadtests.model.session.unanswered import UnansweredSessions
from loadtests.observing.foreign_sessions import ForeignSessions
from loadtests.observing.list_snapshot import ListSnapshot
from loadtests.observing.session_tracker import SessionTracker
from loadtests.simulation.account import SimulatedAccount
from loadtests.simulation.population import Population, SimulatedScope

LATENCY = Lognormal(kind="lognormal", median=0.03, p95=0.1, at_most=2.0)
"""Seconds until a reply arrives. An assumption: a simulated run says nothing about the API's speed."""
_LATENCIES = tuple(LATENCY.quantile((n + 0.5) / 1000) for n in range(1000))

_NEW = Operation.NEW
_OPEN, _CLOSED = State.OPEN, State.CLOSED
# Bound here for speed: see loadtests.engine.

_STEP_SECONDS = 1.0
"""How often the number of persons of the closed model follows the plan: as often as in Locust's shapes."""


class RowWriter(Protocol):
    """Where rows are written: a Recorder, in a run."""

    @property
    def append(self) -> Callable[[Row], None]:
        """Writes one row."""

    def flush_if_full(self) -> None:
        """Called each second of the run."""

    def flush(self) -> None:
        """Called at the end."""


@dataclass(frozen=True)
class SimulationResult:
    """The result of a simulation. Times are seconds of the run."""

    load_ended: float
    ended: float
    drained: DrainResult
    opened: int
    refused: int


class _Task(msgspec.Struct):
    """A behaviour, and what it waits for: a time, or the answer to a call."""

    behaviour: Resumable
    scope: SimulatedScope
    due: float = 0.0
    """When it is resumed, in seconds of the run."""
    value: Any = None
    """What it is sent then."""
    call: Call | None = None
    """The call if `value` is its Answer."""


class Simulator:
    """Virtual time, and the tasks that wait for it. Raises InputError where a defect does not fit the account."""

    def __init__(
        self, plan: LoadPlan, limit: int | None, seed: int, log: RowWriter, defects: Sequence[Injected] = ()
    ) -> None:
        scenario = plan.scenario
        self._stages = scenario.stages
        self._log = log
        api = scenario.description
        self._activity = api.activity
        terms = Terms(limit, scenario.idle_range, api.idle_timeout.default, scenario.session_cap, activity=api.activity)
        self._account = SimulatedAccount(terms, defects, seed, scenario.timeout, api)
        self._latency = random.Random(f"{seed} latencies").random
        self._queue: CalendarQueue[_Task] = CalendarQueue()
        self._population = Population(plan, seed, self._start)
        self._public = self._population.public
        self._tracker = SessionTracker(self)
        self._foreign_sessions = ForeignSessions(
            self._tracker.knows, lambda: self.known_until, self._note_foreign, lambda session_id, created: None
        )
        self._polls = False
        self._opening: dict[int, float] = {}
        self._requests = 0
        self._unanswered = UnansweredSessions()
        """A heap of the sessions without an answer to `new`, by the latest time at which they are due."""
        self._now = 0.0
        self.sessions: dict[int, Session] = {}
        """Sessions that may hold a slot, by our number."""
        self.opened = 0
        self.refused = 0

    def admit(self, profile: Profile, number: int) -> None:
        """Adds `number` persons of `profile` now, beside those of the plan."""
        self._population.admit(profile, number, self._now)

    def run(self, duration: float, bounds: DrainBounds) -> SimulationResult:
        """Simulates the load for `duration` seconds, then the end of the run."""
        self._population.start_streams()
        self._start(self._each_second(), SimulatedScope())
        self._polls = bounds.poll > 0
        if self._polls:
            self._start(self._poll_list(bounds.poll), SimulatedScope())
        self._note_stages(duration)
        with infrequent_collection():
            self._process_events(duration, until_some=())
            self._now = duration
            return self._end(duration, bounds)

    # The owner of the sessions, for the tracker.

    def now(self) -> float:
        """The run's clock, in seconds."""
        return self._now

    @property
    def known_until(self) -> float:
        """The reply to each `new` sent before this time has arrived."""
        return min(self._opening.values(), default=self._now)

    def observe(
        self,
        kind: str,
        session: Session | None = None,
        value: float = 0.0,
        detail: str | None = None,
        at: float | None = None,
    ) -> None:
        """Writes a note or an observation, made now or at `at`."""
        self._log.append(note_row(self._now if at is None else at, kind, session, value, detail))

    def mark_closed(self, session: Session) -> None:
        """Records that the session is closed."""
        if self.sessions.pop(session.number, None) is not None and self._polls:
            self._tracker.on_close(session, self._now)

    def mark_open(self, session: Session) -> None:
        """Records that a session is open that was taken for closed."""
        self.sessions[session.number] = session

    def mark_unlisted(self, session: Session) -> None:
        """Nothing: a simulated run shows no live figures."""

    def mark_listed(self, session: Session) -> None:
        """Nothing."""

    # The clock and the queue.

    def _process_events(self, until: float, until_some: Sequence[object]) -> None:
        """Processes events up to the time `until`, or until there is something in `until_some`."""
        for task in self._queue.due(until):
            self._now = task.due
            if task.call is not None:
                self._deliver(task.call, task.value, task.scope)
            self._resume(task)
            if until_some:
                return

    def _start(self, behaviour: Resumable, scope: SimulatedScope) -> None:
        self._resume(_Task(behaviour, scope))

    def _resume(self, task: _Task) -> None:
        behaviour, scope, value = task.behaviour, task.scope, task.value
        try:
            while not scope.over:
                step = behaviour.send(value)
                value = None
                if type(step) is Sleep:
                    task.value = until = step.until
                    task.due = until if until > self._now else self._now
                    task.call = None
                    return self._queue.push(task)
                if type(step) is Call:
                    return self._call(step, task)
                if type(step) is Note:
                    self.observe(step.kind, step.session, step.value, step.detail or None, step.at)
                else:
                    self._start(step.behaviour, scope if type(step) is Fork else self._public)
            behaviour.close()
        except StopIteration as ended:
            if type(ended.value) is GeneratorType:
                task.behaviour, task.value = ended.value, None
                self._resume(task)

    def _call(self, call: Call, task: _Task) -> None:
        session, now = call.session, self._now
        session.record_send(call.operation)
        if call.operation is _NEW:
            self.sessions[session.number] = session
            self._opening[session.number] = now
            task.scope.session = session
        answered = now + _LATENCIES[int(self._latency() * 1000)]
        answer = (
            Answer(Outcome.UNKNOWN, Reason.CUT, now, now) if call.cut else self._account.answer(call, now, answered)
        )
        self._requests += 1
        # A defect may delay the reply.
        task.due = answered if answered > answer.answered else answer.answered
        task.value, task.call = answer, call
        self._queue.push(task)

    def _deliver(self, call: Call, answer: Answer, scope: SimulatedScope) -> None:
        session = call.session
        self._requests -= 1
        session.record_answer(call.operation, answer, self._activity)
        if call.operation is _NEW:
            self._deliver_new(session, scope)
        if session.state is _CLOSED:
            self.mark_closed(session)
        self._log.append(call_row(call, answer, 0.0))

    def _deliver_new(self, session: Session, scope: SimulatedScope) -> None:
        self._opening.pop(session.number, None)
        if session.state is State.PLANNED:
            self.refused += 1
            self.sessions.pop(session.number, None)
        elif session.state is State.LOST:
            self._unanswered.add(session)
        elif session.state is _OPEN:
            self.opened += 1
            if self._polls:
                self._tracker.on_open(session)
            if session.cap:
                self.observe(Observation.CAP, session, session.cap)
            if scope.over and not self._population.is_over:
                # The person was removed while `new` was in flight.
                self._start(closing(session, Closing.RUN, self._now), SimulatedScope())

    def _each_second(self) -> Behaviour:
        now = 0.0
        while True:
            now = yield Sleep(now)
            self._population.follow_plan(now)
            self._tracker.forget(now)
            self._release_lost(now)
            self._log.flush_if_full()
            now += _STEP_SECONDS

    def _release_lost(self, now: float) -> None:
        """Forgets the sessions without an answer to `new` that must have been reaped by now, as the engine does."""
        for number in self._unanswered.over(now):
            session = self.sessions.pop(number, None)
            if session is not None:
                session.record_end()

    def _poll_list(self, every: float) -> Behaviour:
        now = 0.0
        while True:
            yield Sleep(now)
            snapshot = self._account.list_snapshot(now)
            if snapshot.answered > now:
                yield Sleep(snapshot.answered)
            self._update(snapshot)
            now += every * max(1, math.ceil((snapshot.answered - now) / every))

    def _update(self, snapshot: ListSnapshot) -> None:
        self._log.append(snapshot.row())
        self._tracker.update(snapshot)
        self._foreign_sessions.update(snapshot)

    def _note_foreign(self, kind: str, value: float, detail: str, at: float) -> None:
        self.observe(kind, None, value, detail, at)

    def _note_stages(self, duration: float) -> None:
        start = 0.0
        for stage in self._stages:
            if start < duration and stage.name:
                self.observe(Observation.STAGE, detail=stage.name, at=start)
            start += stage.duration

    def _end(self, duration: float, bounds: DrainBounds) -> SimulationResult:
        self._population.end()
        self.observe(Observation.DRAIN, detail=TIME_OVER)
        results: list[tuple[DrainResult, float]] = []

        def drain() -> Behaviour:
            view = DrainView(
                lambda: list(self.sessions.values()),
                lambda: self._requests > 0,
                lambda: self._tracker.last_polled,
                self._tracker.still_listed,
            )
            results.append((yield from ending(view, bounds, duration)))

        self._start(drain(), SimulatedScope())
        self._process_events(float("inf"), until_some=results)
        ((drained, ended),) = results
        self._log.flush()
        return SimulationResult(duration, ended, drained, self.opened, self.refused)
