"""Resumes behaviours on time, sends their calls and records the answers.

Steps are carried out as `model.session.steps` defines them. Each task belongs to a scope: that of one Locust user, or the one
that all arrivals share. Tasks of a scope that is over are not resumed, whatever they were waiting for.
"""

from __future__ import annotations

import logging
from array import array
from collections.abc import Callable
from contextlib import ExitStack
from types import GeneratorType
from typing import Any

from loadtests.engine.blame import UserErrors
from loadtests.engine.garbage import collect_and_freeze, infrequent_collection
from loadtests.engine.occupancy import Occupancy
from loadtests.engine.pool import Pool
from loadtests.engine.task import Request, Task, TaskScope
from loadtests.engine.timers import Timers
from loadtests.engine.usage import UsageMeter
from loadtests.http.codec import Codec, withheld_answer
from loadtests.http.connection import Connection
from loadtests.http.exchange import Exchange
from loadtests.model.api.answer import Answer, Outcome, Reason
from loadtests.model.api.operation import Operation
from loadtests.model.log.record import Observation
from loadtests.model.log.rows import call_row, note_row
from loadtests.model.people.profile import Way
from loadtests.model.run.guard import UNGUARDED, Guard
from loadtests.model.session.ending import closing
from loadtests.model.session.listener import EngineListener
from loadtests.model.session.session import Session, State
from loadtests.model.session.steps import Call, Closing, Fork, Note, NoteKind, Resumable, Sleep
from loadtests.model.session.unanswered import UnansweredSessions
from loadtests.recording.ledger import Ledger
from loadtests.recording.recorder import Recorder

logger = logging.getLogger(__name__)

_NEW, _STOP, _KEEP_ALIVE, _OK = Operation.NEW, Operation.STOP, Operation.KEEP_ALIVE, Outcome.OK
_OPEN, _CLOSED = State.OPEN, State.CLOSED
"""Bound here for speed: see loadtests.engine."""


class Engine:
    """One process's engine. `now` is the run's clock, in seconds."""

    def __init__(
        self,
        codec: Codec,
        connect: Callable[[], Connection],
        recorder: Recorder,
        ledger: Ledger,
        now: Callable[[], float],
        timeout: float,
        guard: Guard = UNGUARDED,
    ) -> None:
        self._codec = codec
        self._unhindered = codec.unhindered - {_NEW}
        """Calls that are sent without being checked."""
        self._activity, self._repeatable = codec.activity, codec.repeatable
        self._recorder = recorder
        self._ledger = ledger
        self._listeners: tuple[EngineListener, ...] = ()
        self._on_answer: tuple[Callable[[Call, Answer, int], None], ...] = ()
        self.now = now
        self._pool: Pool[Request] = Pool(
            connect, self._on_exchange, recorder.flush_if_full, self.now, timeout, on_error=self.record_defect
        )
        self._timers: Timers[Task] = Timers(self.now, self._resume, self.record_defect)
        self._guard = guard
        self._meter = UsageMeter()
        self._is_ending = False
        self._cleanup = ExitStack()
        self._cleanup.enter_context(infrequent_collection())
        self._arrivals = TaskScope()
        self._scopes: set[TaskScope] = {self._arrivals}
        self.sessions: dict[int, Session] = {}
        """Sessions that may hold a slot, by session number."""
        self.opening: dict[int, float] = {}
        """When each `new` in flight was sent, by session number."""
        self.occupancy = Occupancy(now)
        """Who holds the slots."""
        self.margins = array("d")
        """Margins of acknowledged keep-alives, in seconds, since the reader last cleared them. An array: it is read at once."""
        self.delays = array("d")
        """Their lateness, in the same order."""
        self._unanswered = UnansweredSessions()
        """A heap of the sessions without an answer to `new`, by the latest time at which they are due."""
        self._user_errors = UserErrors()
        self.defects = 0
        """Internal errors: with any, the run's results are unreliable."""

    @property
    def session_seconds(self) -> float:
        """Total time that sessions have been open."""
        return self._meter.seconds(self.now())

    @property
    def is_spent(self) -> bool:
        """Whether the guard's limit of session-minutes is reached."""
        return self._guard.is_spent(self.session_seconds)

    @property
    def held(self) -> int:
        """The number of sessions that may hold a slot; those that the list lacks do not."""
        return len(self.sessions) - len(self.opening) - self.occupancy.unlisted

    @property
    def known_until(self) -> float:
        """Every `new` sent before this time has its answer."""
        return min(self.opening.values(), default=self.now())

    @property
    def busy(self) -> bool:
        """Whether a request is in flight or waits for a connection."""
        return bool(self._pool.busy or self._pool.waiting)

    def record_defect(self) -> None:
        """Counts an internal error."""
        self.defects += 1

    def add_listener(self, listener: EngineListener) -> None:
        """Notifies `listener` from now on, after those that were added before it."""
        self._listeners = (*self._listeners, listener)
        if type(listener).on_answer is not EngineListener.on_answer:
            # Bound here, and without inherited no-ops: these are called for each request.
            self._on_answer = (*self._on_answer, listener.on_answer)

    def start(self, behaviour: Resumable) -> TaskScope:
        """Runs `behaviour` in a new scope; pass the scope to `stop` to end it."""
        scope = TaskScope()
        self._scopes.add(scope)
        self._resume(Task(behaviour, scope), None)
        return scope

    def stop(self, scope: TaskScope) -> list[Session]:
        """Ends `scope` and returns its sessions that may still be open."""
        scope.over = True
        self._scopes.discard(scope)
        return [session for session in scope.sessions if session.number in self.sessions]

    def stop_all(self) -> None:
        """Ends all scopes. Requests in flight still get their answers; those waiting for a connection are withheld."""
        self._is_ending = True
        for scope in self._scopes:
            scope.over = True
        self._scopes = {self._arrivals}
        for request in self._pool.withdraw_waiting():
            self._withhold(request, Reason.RUN_ENDED)

    def observe(
        self,
        kind: str,
        session: Session | None = None,
        value: float = 0.0,
        detail: str | None = None,
        at: float | None = None,
    ) -> None:
        """Appends a note or an observation to the event log, dated now or `at`."""
        self._recorder.append(note_row(self.now() if at is None else at, kind, session, value, detail))

    def tick(self) -> float:
        """Records the longest loop delay since the last tick, flushes the log and returns the delay. Called once a second."""
        delay, self._timers.longest_delay = self._timers.longest_delay, 0.0
        self.observe(Observation.LOOP, value=delay)
        self._release_lost()
        self._recorder.flush()
        self._ledger.retry_writes()
        collect_and_freeze()
        return delay

    def _release_lost(self) -> None:
        """Forgets the sessions without an answer to `new` that the API must have closed by now."""
        for number in self._unanswered.over(self.now()):
            session = self.sessions.pop(number, None)
            if session is not None:
                session.record_end()
                self.occupancy.count(session)
                self._meter.closed(self.now())

    def mark_closed(self, session: Session) -> None:
        """Records that `session` is closed, as an answer or the API's list shows."""
        if self.sessions.pop(session.number, None) is not None:
            self.occupancy.count(session)
            now = self.now()
            self._ledger.closed(session.number, now)
            self._meter.closed(now)
            for listener in self._listeners:
                listener.on_close(session, now)

    def adopt(self, session: Session) -> None:
        """Takes over a session that a lost process opened, in order to close it."""
        self.sessions[session.number] = session
        self.occupancy.count(session)
        self._meter.opened(self.now())
        self._notify_open(session)

    def mark_open(self, session: Session) -> None:
        """Records that `session` is open although it was recorded as closed."""
        self.sessions[session.number] = session
        self.occupancy.count(session)
        self._ledger.opened(session, self.now())
        self._meter.opened(self.now())

    def mark_unlisted(self, session: Session) -> None:
        """Records that `session` holds no slot by the API's list, although its person does not know that yet."""
        self.occupancy.count_unlisted(session)

    def mark_listed(self, session: Session) -> None:
        """Takes that back."""
        self.occupancy.count_listed(session)

    def close(self) -> None:
        """Ends all greenlets and closes all connections. Recorder and ledger stay open."""
        self._timers.close()
        self._pool.close()
        self._cleanup.close()

    def _resume(self, task: Task, value: Any) -> None:
        try:
            while not task.scope.over:
                step = task.behaviour.send(value)
                value = None
                if type(step) is Sleep:
                    task.due = step.until
                    return self._timers.push(task)
                if type(step) is Call:
                    return self._submit(step, task)
                if type(step) is Note:
                    self._record_note(step)
                else:
                    scope = task.scope if type(step) is Fork else self._arrivals
                    self._resume(Task(step.behaviour, scope), None)
            task.behaviour.close()
        except StopIteration as ended:
            if type(ended.value) is GeneratorType:
                task.behaviour = ended.value
                self._resume(task, None)
        except Exception as error:
            self.defects += 1
            if not self._user_errors.report(error):
                logger.exception("Internal error in a behaviour: the results of this run are unreliable")

    def _submit(self, call: Call, task: Task) -> None:
        session, operation = call.session, call.operation
        session.record_send(operation)
        if operation is _STOP:
            self.occupancy.count(session)
        if operation not in self._unhindered and (reason := self._reason_to_withhold(call)):
            return self._withhold(Request(call, b"", task, False, False), reason)
        if operation is _NEW:
            self.opening[session.number] = self.now()
            self.sessions[session.number] = session
            if task.scope is not self._arrivals:
                task.scope.opens(session, self.sessions)
        self._pool.submit(Request(call, self._codec.encode(call), task, operation in self._repeatable, call.cut))

    def _reason_to_withhold(self, call: Call) -> Reason | None:
        """Returns why `call` must not be sent, or None. The intent of an admitted `new` is written to the ledger."""
        if not self._codec.has(call.operation):
            return Reason.NO_SUCH_CALL
        if self._codec.lacks_token(call):
            return Reason.NO_TOKEN
        if call.operation is not _NEW:
            return None
        reason = self._guard.objection(len(self.sessions), self.session_seconds)
        if reason is None and not self._ledger.intent(call.session, call.intended):
            return Reason.LEDGER
        return reason

    def _withhold(self, request: Request, reason: Reason) -> None:
        self._complete(request, withheld_answer(reason, self.now()), 0, 0.0)

    def _on_exchange(self, request: Request, exchange: Exchange) -> None:
        answer = self._codec.decode(request.call.operation, exchange)
        self._complete(request, answer, len(exchange.body), request.queued + exchange.connecting)

    def _complete(self, request: Request, answer: Answer, size: int, waited: float) -> None:
        call = request.call
        session, operation = call.session, call.operation
        try:
            if operation is _KEEP_ALIVE and answer.outcome is _OK:
                self.margins.append(session.margin(answer))
                self.delays.append(answer.sent - call.intended)
            session.record_answer(operation, answer, self._activity)
            if operation is _NEW or operation is _STOP or session.state is _CLOSED:
                self._update_ledger(session, operation)
            self._recorder.append(call_row(call, answer, waited))
            for on_answer in self._on_answer:
                on_answer(call, answer, size)
        except Exception:
            self.defects += 1
            logger.exception("Internal error while an answer was processed: the results of this run are unreliable")
        self._resume(request.task, answer)
        if operation is _NEW and session.state is _OPEN and request.task.scope.over and not self._is_ending:
            # Its user was stopped while `new` was in flight, so nothing will use the session.
            self.start(closing(session, Closing.RUN, self.now()))

    def _update_ledger(self, session: Session, operation: Operation) -> None:
        if operation is Operation.NEW:
            self.opening.pop(session.number, None)
            if session.state is State.OPEN:
                self._ledger.opened(session, session.opened)
                self._meter.opened(self.now())
                self._notify_open(session)
                if session.cap:
                    self.observe(Observation.CAP, session, session.cap)
            elif session.state is State.PLANNED:
                self._ledger.refused(session, self.now())
                self.sessions.pop(session.number, None)
            elif session.state is State.LOST:
                self._ledger.lost(session, self.now())
                # It may be open, and cost money.
                self._meter.opened(self.now())
                self._unanswered.add(session)
        self.occupancy.count(session)
        if session.state is State.CLOSED:
            self.mark_closed(session)

    def _notify_open(self, session: Session) -> None:
        for listener in self._listeners:
            listener.on_open(session)

    def _record_note(self, note: Note) -> None:
        if note.detail != Way.CLOSE:
            # A session that its user leaves by closing it is not a leak unless the stop fails.
            self.occupancy.count(note.session)
        if note.kind is NoteKind.GIVE_UP:
            for listener in self._listeners:
                listener.on_give_up(note.session)
        self.observe(note.kind, note.session, note.value, note.detail or None, at=note.at)
