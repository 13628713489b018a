"""The tests' driver: carries behaviours out in virtual time, against the rules or a script of answers."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Generator
from itertools import count

from loadtests.model.api.answer import Answer, Outcome, Reason
from loadtests.model.api.operation import Operation
from loadtests.model.people.draw import Draw
from loadtests.model.people.profile import IDLE_RANGE, Profile, build_profile
from loadtests.model.session.person import Person
from loadtests.model.session.session import Session
from loadtests.model.session.steps import Arrive, Behaviour, Call, Fork, Note, Sleep

Answers = Callable[[Call, float], Answer]
Event = tuple[float, int, str, str]
"""When, our number of the session, operation or kind, detail."""


def profile(**tables: object) -> Profile:
    """A profile of these tables, and else as plain as can be."""
    plain: dict[str, object] = {
        "name": "test",
        "session_length": 100,
        "turns": {"thinking": 10, "wait_for_answer": False},
    }
    from pathlib import Path

    return build_profile("test", {**plain, **tables}, Path(), IDLE_RANGE)


def person(of: Profile, seed: int = 1) -> Person:
    """A person with session numbers from 1."""
    numbers = count(1)
    return Person(of, Draw.of(seed), lambda: next(numbers))


def yes(call: Call, now: float) -> Answer:
    """The API that always says yes, in no time."""
    return Answer(Outcome.OK, Reason.NONE, now, now, 200, 100, session_id=f"id-{call.session.number}", value=2.0)


def refuse(reason: Reason, *operations: Operation) -> Answers:
    """The API that refuses these operations, and else says yes."""

    def answer(call: Call, now: float) -> Answer:
        if call.operation in operations:
            return Answer(Outcome.FAIL, reason, now, now, 400)
        return yes(call, now)

    return answer


class Driver:
    """Runs behaviours until nothing is due before `until`; what happened is in `events`."""

    def __init__(self, answers: Answers = yes) -> None:
        self._answers = answers
        self._heap: list[tuple[float, int, Behaviour]] = []
        self._pushed = count()
        self.events: list[Event] = []
        self.sessions: dict[int, Session] = {}

    def run(self, behaviour: Behaviour, until: float) -> list[Event]:
        """Everything that happens up to and at `until`."""
        self._resume(behaviour, None, 0.0)
        while self._heap and self._heap[0][0] <= until:
            due, _, sleeper = heapq.heappop(self._heap)
            self._resume(sleeper, due, due)
        return self.events

    def times(self, what: str) -> list[float]:
        """When `what` happened."""
        return [at for at, _, kind, _ in self.events if kind == what]

    def _resume(self, behaviour: Behaviour, value: object, now: float) -> None:
        try:
            while True:
                step = behaviour.send(value)
                value = None
                if isinstance(step, Sleep):
                    return heapq.heappush(self._heap, (step.until, next(self._pushed), behaviour))
                if isinstance(step, Call):
                    value = self._call(step, max(now, step.intended))
                elif isinstance(step, Note):
                    self.events.append((step.at, step.session.number, step.kind.value, step.detail))
                elif isinstance(step, Fork | Arrive):
                    self._resume(step.behaviour, None, now)
        except StopIteration as ended:
            if isinstance(ended.value, Generator):
                self._resume(ended.value, None, now)

    def _call(self, call: Call, now: float) -> Answer:
        self.sessions[call.session.number] = call.session
        call.session.record_send(call.operation)
        answer = self._answers(call, now)
        call.session.record_answer(call.operation, answer)
        said = "cut" if call.cut else answer.reason.value
        self.events.append((now, call.session.number, call.operation.value, said))
        return answer
