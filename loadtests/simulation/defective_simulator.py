"""A run in virtual time against an API that goes wrong: the simulator, with an account that has defects.

What the plain simulator may take for granted is asked here: the list is looked at through the same service as everything
else and taken in by the same watch as in a live run, since it may be late, wrong or missing, and may show what nobody knows.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from loadtests.defects.account import open_account
from loadtests.defects.defect import Injected
from loadtests.model.api.answer import Answer, Outcome
from loadtests.model.api.heard import answer_from_reply
from loadtests.model.api.service import ApiRequest, Service
from loadtests.model.api.surface import Operation
from loadtests.model.log.rows import note_row
from loadtests.model.run.plan import LoadPlan
from loadtests.model.session.session import Session, State
from loadtests.model.session.steps import Behaviour, Call, Sleep
from loadtests.observing.foreign_sessions import ForeignSessions
from loadtests.observing.list_observer import ListSnapshot
from loadtests.observing.session_tracker import SessionTracker
from loadtests.simulation.simulator import RowWriter, Simulator


class DefectiveSimulator(Simulator):
    """Virtual time, and an account with `defects`. Raises InputError where a defect does not fit the account."""

    def __init__(
        self, plan: LoadPlan, limit: int | None, seed: int, log: RowWriter, defects: Sequence[Injected]
    ) -> None:
        super().__init__(plan, limit, seed, log)
        plain = self._rules
        self._rules, self._service = open_account(
            plain.terms, plain.new_id, lambda at, event, session: None, defects, seed
        )
        self._timeout = plan.scenario.timeout
        self._observer = _Observer(self._service, self._timeout)
        self._books = books = _Books(self, log)
        self._listed = SessionTracker(books)
        self._strangers = ForeignSessions(
            self._listed.knows, lambda: books.known_until, books.note, lambda session_id, at: None
        )

    def _ask(self, call: Call, now: float, answered: float) -> Answer:
        session = call.session
        if call.operation is Operation.NEW:
            self._books.opening[session.number] = now
            ask = ApiRequest(Operation.NEW, idle_timeout=session.idle_timeout)
        else:
            ask = ApiRequest(call.operation, session.id, words=call.words)
        reply = self._service(now, ask)
        return answer_from_reply(reply, now, answered + reply.delay, self._timeout)

    def _told(self, call: Call, answer: Answer) -> None:
        if call.operation is Operation.NEW:
            self._books.opening.pop(call.session.number, None)
        super()._told(call, answer)
        if call.session.state is State.CLOSED:
            self._listed.on_close(call.session, self._books.now())

    def _told_new(self, session: Session) -> None:
        super()._told_new(session)
        if session.state is State.OPEN:
            self._listed.on_open(session)

    def _still_listed(self) -> Sequence[Session]:
        return self._listed.still_listed()

    def _watch(self, every: float) -> Behaviour:
        now = 0.0
        while True:
            yield Sleep(now)
            look = self._observer.look(now)
            yield Sleep(look.answered)
            self._take(look)
            now += every * max(1, math.ceil((look.answered - now) / every))

    def _take(self, look: ListSnapshot) -> None:
        self._log.append(look.row())
        self._listed.update(look)
        self._strangers.update(look)
        self._looked = self._listed.last_polled


class _Books:
    """What the watch needs of an engine, in virtual time."""

    def __init__(self, simulator: DefectiveSimulator, log: RowWriter) -> None:
        self._simulator = simulator
        self._log = log
        self.opening: dict[int, float] = {}
        """Since when a `new` is under way, by our number."""

    @property
    def known_until(self) -> float:
        return min(self.opening.values(), default=self.now())

    def note(self, kind: str, value: float, detail: str, at: float) -> None:
        self._log.append(note_row(at, kind, None, value, detail))

    def now(self) -> float:
        return self._simulator.now

    def observe(
        self,
        kind: str,
        session: Session | None = None,
        value: float = 0.0,
        detail: str | None = None,
        at: float | None = None,
    ) -> None:
        self._log.append(note_row(self.now() if at is None else at, kind, session, value, detail))

    def mark_closed(self, session: Session) -> None:
        self._simulator.sessions.pop(session.number, None)

    def mark_open(self, session: Session) -> None:
        self._simulator.sessions[session.number] = session


class _Observer:
    """Looks at the list as the observer of a live run does: what it tells is what has changed."""

    def __init__(self, service: Service, timeout: float) -> None:
        self._service = service
        self._timeout = timeout
        self._known: dict[str, float] = {}
        self._asked = 0.0

    def look(self, now: float) -> ListSnapshot:
        reply = self._service(now, ApiRequest(Operation.LIST))
        answer = answer_from_reply(reply, now, now + reply.delay, self._timeout)
        if answer.outcome is not Outcome.OK:
            return ListSnapshot(now, now, answer.answered, answer.outcome, answer.reason, answer.status, answer.code)
        # The API tells created_at in whole seconds.
        listed = {session.id: float(int(session.created)) for session in reply.data}
        known, since, self._known, self._asked = self._known, self._asked, listed, now
        appeared = [(session_id, created) for session_id, created in listed.items() if session_id not in known]
        vanished = [session_id for session_id in known if session_id not in listed]
        return ListSnapshot(now, now, answer.answered, Outcome.OK, "", 200, 100, len(listed), since, appeared, vanished)
