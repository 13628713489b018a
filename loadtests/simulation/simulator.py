"""A run in virtual time: the same people against the same rules, hours in seconds; same event log, same report.

What a live run has and this has not: a network, a server that can be slow or wrong, a generator that can be late. A call
reaches the rules at the moment it is sent; its answer comes after a sampled latency.
"""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import count
from typing import Any, Protocol

from loadtests.engine.garbage import infrequent_collection
from loadtests.model.api.answer import Answer, Outcome, Reason
from loadtests.model.api.answer import classify as reason_of
from loadtests.model.api.rules import DONE, HostedSession, Reply, Rules, Terms, milliseconds
from loadtests.model.api.surface import Operation
from loadtests.model.log.record import Observation, Row
from loadtests.model.log.rows import call_row, list_row, note_row
from loadtests.model.maths.calendar_queue import CalendarQueue
from loadtests.model.people.distribution import Lognormal
from loadtests.model.people.draw import Draw
from loadtests.model.people.profile import Profile
from loadtests.model.run.end_reason import TIME_OVER
from loadtests.model.run.plan import LoadPlan
from loadtests.model.session.behaviour import Person, arrivals, returning_person, visit
from loadtests.model.session.ending import DrainBounds, DrainResult, DrainView, closing, ending
from loadtests.model.session.session import Session, State
from loadtests.model.session.steps import Behaviour, Call, Closing, Fork, Note, Sleep

LATENCY = Lognormal(kind="lognormal", median=0.03, p95=0.1, at_most=2.0)
"""Seconds that an answer takes. A choice: a simulated run says nothing about the API's speed."""
_LATENCIES = tuple(LATENCY.quantile((n + 0.5) / 1000) for n in range(1000))

_NEW, _TASK, _KEEP_ALIVE = Operation.NEW, Operation.TASK, Operation.KEEP_ALIVE
_OK, _NO_REASON, _CLOSED = Outcome.OK, Reason.NONE, State.CLOSED
"""By names of their own: Python 3.11 takes ten times as long to find a member of an enum as a name of the module."""

_STEP_SECONDS = 1.0
"""How often the number of persons of the closed model follows the plan: as often as Locust's shapes do."""


class RowWriter(Protocol):
    """Where rows go: a Recorder, in a run."""

    @property
    def append(self) -> Callable[[Row], None]:
        """Takes one row."""

    def flush_if_full(self) -> None:
        """Called each second of the run."""

    def flush(self) -> None:
        """Called at the end."""


@dataclass(frozen=True)
class SimulationResult:
    """What a simulation came to."""

    load_ended: float
    ended: float
    drained: DrainResult
    opened: int
    refused: int


class SimulatedScope:
    """Tasks that end together, and the session that a closed-model person has."""

    __slots__ = ("over", "session")

    def __init__(self) -> None:
        self.over = False
        self.session: Session | None = None


_Task = tuple[Behaviour, SimulatedScope]
_Due = tuple[float, _Task, Any, Call | None]
"""When, who, what is sent to the behaviour; and the call, if that is its answer."""


class Simulator:
    """Virtual time, the rules, and everybody who is waiting for something."""

    def __init__(self, plan: LoadPlan, limit: int | None, seed: int, log: RowWriter) -> None:
        scenario = plan.scenario
        self._plan = plan
        self._seed = seed
        self._log = log
        terms = Terms(limit, scenario.idle_range, cap=scenario.session_cap)
        # What is nobody's choice needs no stream of a person's: Python's own generator is ten times as fast.
        ids, latencies = (random.Random(f"{seed} {of}") for of in ("ids", "latencies"))
        self._rules = Rules(terms, lambda: _uuid(ids), self._happened)
        self._latency = latencies.random
        self._agenda: CalendarQueue[_Due] = CalendarQueue()
        self._number = count(1).__next__
        self._public = SimulatedScope()
        self._persons: dict[str, list[SimulatedScope]] = {}
        self._by_id: dict[str, Session] = {}
        self._new_since: dict[str, float] = {}
        self._gone_since: deque[str] = deque()
        self._busy = 0
        self._looked = 0.0
        self.now = 0.0
        self.sessions: dict[int, Session] = {}
        self.opened = 0
        self.refused = 0

    def admit(self, profile: Profile, count: int) -> None:
        """So many people of `profile` come at once, beside those of the plan."""
        for place in range(count):
            self._start(visit(self._person(profile, place, 0), self.now), self._public)

    def run(self, duration: float, bounds: DrainBounds) -> SimulationResult:
        """The load for `duration` seconds, then the end of the run."""
        for name, profile in self._plan.scenario.profiles.items():
            if profile.arrivals.model == "open" and self._plan.peak(name):
                self._start(self._stream(profile), self._public)
        self._start(self._beat(), SimulatedScope())
        if bounds.poll:
            self._start(self._watch(bounds.poll), SimulatedScope())
        self._stages(duration)
        with infrequent_collection():
            self._proceed(duration, until_some=())
            self.now = duration
            return self._end(duration, bounds)

    def _end(self, duration: float, bounds: DrainBounds) -> SimulationResult:
        self._public.over = True
        for scopes in self._persons.values():
            for scope in scopes:
                scope.over = True
        self._note(duration, Observation.DRAIN, None, 0.0, TIME_OVER)
        results: list[tuple[DrainResult, float]] = []

        def carry_out() -> Behaviour:
            scene = DrainView(
                lambda: list(self.sessions.values()), lambda: self._busy > 0, lambda: self._looked, self._still_listed
            )
            results.append((yield from ending(scene, bounds, duration)))

        self._start(carry_out(), SimulatedScope())
        self._proceed(float("inf"), until_some=results)
        ((drained, ended),) = results
        self._log.flush()
        return SimulationResult(duration, ended, drained, self.opened, self.refused)

    def _proceed(self, until: float, until_some: Sequence[object]) -> None:
        """Let time go by, up to `until` or until there is something in `until_some`."""
        for when, task, value, call in self._agenda.due(until):
            self.now = when
            if call is not None:
                self._told(call, value)
            self._resume(task, value)
            if until_some:
                return

    def _start(self, behaviour: Behaviour, scope: SimulatedScope) -> None:
        self._resume((behaviour, scope), None)

    def _resume(self, task: _Task, value: Any) -> None:
        behaviour, scope = task
        try:
            while not scope.over:
                step = behaviour.send(value)
                value = None
                if type(step) is Sleep:
                    until = step.until
                    when = until if until > self.now else self.now
                    return self._agenda.push((when, task, until, None))
                if type(step) is Call:
                    return self._call(step, task)
                if type(step) is Note:
                    self._note(step.at, step.kind, step.session, step.value, step.detail or None)
                else:
                    self._start(step.behaviour, scope if type(step) is Fork else self._public)
            behaviour.close()
        except StopIteration:
            return None

    def _call(self, call: Call, task: _Task) -> None:
        session, now = call.session, self.now
        session.sending(call.operation)
        if call.operation is _NEW:
            self.sessions[session.number] = session
            task[1].session = session
        answered = now + _LATENCIES[int(self._latency() * 1000)]
        answer = self._cut(now) if call.cut else self._ask(call, now, answered)
        self._busy += 1
        # An API with defects may answer later than it has to.
        self._agenda.push((answered if answered > answer.answered else answer.answered, task, answer, call))

    def _told(self, call: Call, answer: Answer) -> None:
        session = call.session
        self._busy -= 1
        session.answered(call.operation, answer)
        if call.operation is _NEW:
            self._told_new(session)
        if session.state is _CLOSED:
            self.sessions.pop(session.number, None)
        self._log.append(call_row(call, answer, 0.0))

    def _told_new(self, session: Session) -> None:
        if session.state is not State.OPEN:
            self.refused += 1
            self.sessions.pop(session.number, None)
            return
        self.opened += 1
        self._by_id[session.id] = session
        if session.cap:
            self._note(self.now, Observation.CAP, session, session.cap, None)

    def _ask(self, call: Call, now: float, answered: float) -> Answer:
        reply = self._reply(call, now)
        if reply is DONE:
            plays = milliseconds(call.words) / 1000 if call.operation is _TASK else 0.0
            return Answer(_OK, _NO_REASON, now, answered, 200, 100, "", "", plays)
        if reply.code != 100:
            reason = reason_of(reply.status, reply.code, reply.message)
            return Answer(Outcome.FAIL, reason, now, answered, reply.status, reply.code, reply.message)
        data = reply.data or {}
        session_id, cap = data.get("session_id", ""), data.get("session_duration_limit", 0.0)
        return Answer(_OK, _NO_REASON, now, answered, 200, 100, session_id=session_id, value=cap)

    def _reply(self, call: Call, now: float) -> Reply:
        rules, operation, session_id = self._rules, call.operation, call.session.id
        if operation is _TASK or operation is _KEEP_ALIVE:
            return rules.touch(now, session_id)
        if operation is _NEW:
            return rules.new(now, call.session.idle_timeout)
        if operation is Operation.STOP:
            return rules.stop(now, session_id)
        if operation is Operation.START:
            return rules.start(now, session_id)
        return Reply(data={}) if operation is Operation.CREATE_TOKEN else rules.touch(now, session_id)

    def _cut(self, now: float) -> Answer:
        return Answer(Outcome.UNKNOWN, Reason.CUT, now, now)

    def _note(self, t: float, kind: str, session: Session | None, value: float, detail: str | None) -> None:
        self._log.append(note_row(t, kind, session, value, detail))

    # Who comes.

    def _stream(self, profile: Profile) -> Behaviour:
        # All streams of a profile at once: Poisson streams add up to one.
        name, plan = profile.name, self._plan
        draw = Draw(self._seed, name, "stream", 0)
        return arrivals(lambda t: plan.load(name, t), plan.peak(name), partial(self._person, profile, 0), draw, 0.0)

    def _person(self, profile: Profile, place: int, visit: int) -> Person:
        return Person(profile, Draw(self._seed, profile.name, "person", place, visit), self._number)

    def _beat(self) -> Behaviour:
        now = 0.0
        while True:
            now = yield Sleep(now)
            self._follow_plan(now)
            self._log.flush_if_full()
            now += _STEP_SECONDS

    def _follow_plan(self, now: float) -> None:
        if self._public.over:
            return
        for name, profile in self._plan.scenario.profiles.items():
            if profile.arrivals.model == "closed":
                self._bring_to(profile, self._plan.users(name, now))

    def _bring_to(self, profile: Profile, wanted: int) -> None:
        scopes = self._persons.setdefault(profile.name, [])
        while len(scopes) < wanted:
            place = len(scopes)
            scopes.append(SimulatedScope())
            draw = Draw(self._seed, profile.name, "stream", place)
            self._start(returning_person(profile, partial(self._person, profile, place), draw, self.now), scopes[-1])
        while len(scopes) > wanted:
            self._send_off(scopes.pop())

    def _send_off(self, scope: SimulatedScope) -> None:
        scope.over = True
        session = scope.session
        if session is not None and session.state is State.OPEN and not session.way:
            self._start(closing(session, Closing.RUN, self.now), SimulatedScope())

    def _stages(self, duration: float) -> None:
        start = 0.0
        for stage in self._plan.scenario.stages:
            if start < duration and stage.name:
                self._note(start, Observation.STAGE, None, 0.0, stage.name)
            start += stage.duration

    # What the list would show.

    def _happened(self, at: float, event: str, session: HostedSession) -> None:
        if event == "opened":
            self._new_since[session.id] = at
        elif event == "closed" and self._new_since.pop(session.id, None) is None:
            self._gone_since.append(session.id)
        elif event == "closed":
            # Between two looks: the list never showed it.
            self._by_id.pop(session.id, None)

    def _still_listed(self) -> Sequence[Session]:
        return ()

    def _watch(self, every: float) -> Behaviour:
        since = now = 0.0
        while True:
            now = yield Sleep(now)
            self._look(since, now)
            since, now = now, now + every

    def _look(self, since: float, now: float) -> None:
        self._rules.advance(now)
        self._log.append(list_row(now, now, now, Outcome.OK, "", len(self._rules.open), 200, 100))
        for session_id in list(self._new_since):
            session = self._by_id.get(session_id)
            if session is not None:
                del self._new_since[session_id]
                self._note(now, Observation.SEEN, session, now, None)
        while self._gone_since:
            self._vanished(self._gone_since.popleft(), since)
        self._looked = now

    def _vanished(self, session_id: str, since: float) -> None:
        session = self._by_id.pop(session_id, None)
        if session is None:
            return
        session.ended()
        self.sessions.pop(session.number, None)
        self._note(self.now, Observation.VANISHED, session, since, None)


def _uuid(source: random.Random) -> str:
    digits = f"{source.getrandbits(128):032x}"
    # Marked as what it is: of version 4, random.
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-a{digits[17:20]}-{digits[20:]}"
