"""The engine: resumes behaviours on time, makes their calls, writes down what came of them.

A behaviour's steps are carried out as `model.steps` says. Tasks belong to a scope: a Locust user's, or that of all the
people who came by themselves. When a scope is over its tasks are not resumed, whatever they were waiting for.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Collection
from contextlib import ExitStack
from typing import Any, Protocol

from loadtests.engine.garbage import collect_and_freeze, infrequent_collection
from loadtests.engine.occupancy import Occupancy
from loadtests.engine.pool import Pool
from loadtests.engine.timers import Timers
from loadtests.engine.usage import UsageMeter
from loadtests.http.codec import Codec, withheld_answer
from loadtests.http.connection import Connection, Exchange
from loadtests.model.api.answer import Answer, Outcome, Reason
from loadtests.model.api.surface import Operation
from loadtests.model.log.record import Observation
from loadtests.model.log.rows import call_row, note_row
from loadtests.model.people.profile import Way
from loadtests.model.run.guard import UNGUARDED, Guard
from loadtests.model.session.ending import closing
from loadtests.model.session.session import Session, State
from loadtests.model.session.steps import Behaviour, Call, Closing, Fork, Note, NoteKind, Sleep
from loadtests.recording.ledger import Ledger
from loadtests.recording.recorder import Recorder

logger = logging.getLogger(__name__)

_NEW, _STOP, _KEEP_ALIVE, _OK = Operation.NEW, Operation.STOP, Operation.KEEP_ALIVE, Outcome.OK
_OPEN, _CLOSED = State.OPEN, State.CLOSED
"""By names of their own: Python 3.11 takes ten times as long to find a member of an enum as a name of the module."""

_MOST_KEPT = 100_000
"""Keep-alives that are remembered until they are read."""


class EngineListener(Protocol):
    """Told of what the engine does; must be quick."""

    def answered(self, call: Call, answer: Answer, size: int) -> None:
        """A call was answered, or given up; `size` is the body's bytes."""

    def opened(self, session: Session) -> None:
        """The API's id of `session` is known."""

    def closed(self, session: Session) -> None:
        """`session` is known to be closed."""

    def given_up(self, session: Session) -> None:
        """Its person will not try again to open `session`."""


class TaskScope:
    """Tasks that end together, and the sessions that they opened."""

    __slots__ = ("over", "sessions")

    def __init__(self) -> None:
        self.over = False
        self.sessions: list[Session] = []

    def opens(self, session: Session, held: Collection[int]) -> None:
        """One more; of the others only those are kept whose numbers are among `held`."""
        # Whenever their number has doubled: who opens thousands must not look through all of them for each.
        if len(self.sessions) & (len(self.sessions) - 1) == 0:
            self.sessions = [other for other in self.sessions if other.number in held]
        self.sessions.append(session)


class _Task:
    __slots__ = ("behaviour", "scope")

    def __init__(self, behaviour: Behaviour, scope: TaskScope) -> None:
        self.behaviour = behaviour
        self.scope = scope


class _Request:
    """A job for the pool."""

    __slots__ = ("call", "queued", "request", "submitted", "task")

    def __init__(self, call: Call, request: bytes, task: _Task) -> None:
        self.call = call
        self.request = request
        self.task = task
        self.queued = 0.0
        self.submitted = 0.0

    def carry_out(self, connection: Connection) -> Exchange:
        return connection.cut(self.request) if self.call.cut else connection.exchange(self.request)


class Engine:
    """One process's engine. `now` is the run's clock, in seconds."""

    def __init__(
        self,
        api: Codec,
        connect: Callable[[], Connection],
        recorder: Recorder,
        ledger: Ledger,
        listener: EngineListener,
        now: Callable[[], float],
        timeout: float,
        guard: Guard = UNGUARDED,
    ) -> None:
        self._api = api
        self._recorder = recorder
        self._ledger = ledger
        self._listener = listener
        self.now = now
        self._pool: Pool[_Request] = Pool(connect, self._carried_out, self.now, timeout)
        self._timers: Timers[_Task] = Timers(self.now, self._wake)
        self._guard = guard
        self._meter = UsageMeter()
        self._is_ending = False
        self._calm = ExitStack()
        self._calm.enter_context(infrequent_collection())
        self._public = TaskScope()
        self._scopes: set[TaskScope] = {self._public}
        self.sessions: dict[int, Session] = {}
        """Sessions that may hold a slot, by our number."""
        self.opening: dict[int, float] = {}
        """Since when a `new` is under way, by our number."""
        self.occupancy = Occupancy(now)
        """Who holds the slots."""
        self.kept_alive: deque[tuple[float, float]] = deque(maxlen=_MOST_KEPT)
        """Margin and lateness of acknowledged keep-alives, in seconds, since whoever reads them cleared them."""
        self.defects = 0
        """Behaviours that failed by an error of ours: the run cannot be trusted."""

    @property
    def session_seconds(self) -> float:
        """How long sessions have been open, all together."""
        return self._meter.seconds(self.now())

    @property
    def is_spent(self) -> bool:
        """Whether the guard's session-minutes are used up."""
        return self._guard.is_spent(self.session_seconds)

    @property
    def known_until(self) -> float:
        """Before this no `new` of this engine is without its answer."""
        return min(self.opening.values(), default=self.now())

    @property
    def busy(self) -> bool:
        """Whether a request is under way, or waits for a connection."""
        return bool(self._pool.busy or self._pool.waiting)

    def start(self, behaviour: Behaviour) -> TaskScope:
        """Run `behaviour` in a scope of its own; give the scope to `stop` to end it."""
        scope = TaskScope()
        self._scopes.add(scope)
        self._resume(_Task(behaviour, scope), None)
        return scope

    def stop(self, scope: TaskScope) -> list[Session]:
        """End `scope`; its sessions that may still be open."""
        scope.over = True
        self._scopes.discard(scope)
        return [session for session in scope.sessions if session.number in self.sessions]

    def stop_all(self) -> None:
        """End all scopes. What is under way is answered, what waits for a connection is withheld."""
        self._is_ending = True
        for scope in self._scopes:
            scope.over = True
        self._scopes = {self._public}
        for job in self._pool.withdraw_waiting():
            self._answered(job, withheld_answer(Reason.RUN_ENDED, self.now()), 0, 0.0)

    def observe(
        self,
        kind: str,
        session: Session | None = None,
        value: float = 0.0,
        detail: str | None = None,
        at: float | None = None,
    ) -> None:
        """Write a note or an observation into the event log, made now or at `at`."""
        self._recorder.append(note_row(self.now() if at is None else at, kind, session, value, detail))

    def tick(self) -> float:
        """Once a second: note how late the loop was at the worst since the last time, and write what was recorded."""
        delay, self._timers.longest_delay = self._timers.longest_delay, 0.0
        self.observe(Observation.LOOP, value=delay)
        self._recorder.flush()
        self._ledger.retry_writes()
        collect_and_freeze()
        return delay

    def mark_closed(self, session: Session) -> None:
        """The session is known to be closed, by other means than a call."""
        if self.sessions.pop(session.number, None) is not None:
            self.occupancy.count(session)
            self._ledger.closed(session.number, self.now())
            self._meter.closed(self.now())
            self._listener.closed(session)

    def adopt(self, session: Session) -> None:
        """A session that another process opened, and that it cannot close any more, is this engine's to close."""
        self.sessions[session.number] = session
        self.occupancy.count(session)
        self._meter.opened(self.now())
        self._listener.opened(session)

    def mark_open(self, session: Session) -> None:
        """A session that was thought to be closed is open."""
        self.sessions[session.number] = session
        self.occupancy.count(session)
        self._ledger.opened(session, self.now())
        self._meter.opened(self.now())

    def close(self) -> None:
        """End all greenlets, close all connections. Recorder and ledger stay open."""
        self._timers.close()
        self._pool.close()
        self._calm.close()

    def _wake(self, task: _Task, due: float) -> None:
        self._resume(task, due)

    def _resume(self, task: _Task, value: Any) -> None:
        try:
            while not task.scope.over:
                step = task.behaviour.send(value)
                value = None
                if type(step) is Sleep:
                    return self._timers.push(step.until, task)
                if type(step) is Call:
                    return self._call(step, task)
                if type(step) is Note:
                    self._note(step)
                else:
                    scope = task.scope if type(step) is Fork else self._public
                    self._resume(_Task(step.behaviour, scope), None)
            task.behaviour.close()
        except StopIteration:
            return None
        except Exception:
            self.defects += 1
            logger.exception("A behaviour failed: a defect of the harness; the run cannot be trusted")

    def _call(self, call: Call, task: _Task) -> None:
        session, operation = call.session, call.operation
        session.record_send(operation)
        if operation is _STOP:
            self.occupancy.count(session)
        objection = self._objection(call)
        if objection:
            return self._answered(_Request(call, b"", task), withheld_answer(objection, self.now()), 0, 0.0)
        if operation is _NEW:
            self.opening[session.number] = self.now()
            self.sessions[session.number] = session
            if task.scope is not self._public:
                task.scope.opens(session, self.sessions)
        self._pool.submit(_Request(call, self._api.encode(call), task))

    def _objection(self, call: Call) -> Reason | None:
        """Why `call` must not be sent. The intent of a `new` that may be sent is in the ledger then."""
        if not self._api.has(call.operation):
            return Reason.NO_SUCH_CALL
        if call.operation is not _NEW:
            return None
        objection = self._guard.objection(len(self.sessions), self.session_seconds)
        if objection is None and not self._ledger.intent(call.session, call.intended):
            return Reason.LEDGER
        return objection

    def _carried_out(self, job: _Request, exchange: Exchange) -> None:
        self._answered(
            job, self._api.decode(job.call.operation, exchange), len(exchange.body), job.queued + exchange.connecting
        )

    def _answered(self, job: _Request, answer: Answer, size: int, waited: float) -> None:
        call = job.call
        session, operation = call.session, call.operation
        try:
            if operation is _KEEP_ALIVE and answer.outcome is _OK:
                self.kept_alive.append((session.margin(answer), answer.sent - call.intended))
            session.record_answer(operation, answer)
            if operation is _NEW or operation is _STOP or session.state is _CLOSED:
                self._keep_books(session, operation)
            self._recorder.append(call_row(call, answer, waited))
            self._recorder.flush_if_full()
            self._listener.answered(call, answer, size)
        except Exception:
            self.defects += 1
            logger.exception("An answer could not be taken: a defect of the harness; the run cannot be trusted")
        self._resume(job.task, answer)
        if operation is _NEW and session.state is _OPEN and job.task.scope.over and not self._is_ending:
            # Its user was stopped while `new` was under way: nobody is there to use what was opened.
            self.start(closing(session, Closing.RUN, self.now()))

    def _keep_books(self, session: Session, operation: Operation) -> None:
        if operation is Operation.NEW:
            self.opening.pop(session.number, None)
            if session.state is State.OPEN:
                self._ledger.opened(session, session.opened)
                self._meter.opened(self.now())
                self._listener.opened(session)
                if session.cap:
                    self.observe(Observation.CAP, session, session.cap)
            elif session.state is State.PLANNED:
                self._ledger.refused(session, self.now())
                self.sessions.pop(session.number, None)
            elif session.state is State.LOST:
                self._ledger.lost(session, self.now())
        self.occupancy.count(session)
        if session.state is State.CLOSED:
            self.mark_closed(session)

    def _note(self, note: Note) -> None:
        if note.detail != Way.CLOSE:
            # A session whose person leaves by closing it is no leak until its stop has failed.
            self.occupancy.count(note.session)
        if note.kind is NoteKind.GIVE_UP:
            self._listener.given_up(note.session)
        self.observe(note.kind, note.session, note.value, note.detail or None, at=note.at)
