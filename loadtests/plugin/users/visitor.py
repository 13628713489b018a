"""The actions of a person, for a locustfile's own behaviour: generators to `yield from`.

def visit(self, visitor):
    if (yield from visitor.open()):
        yield from visitor.say(words=12)
        yield from visitor.be_quiet(30)
        yield from visitor.close()
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import wraps
from types import CodeType
from typing import ParamSpec

import msgspec

from loadtests.engine.blame import UserErrors
from loadtests.model.api.answer import Answer, Outcome
from loadtests.model.api.operation import Operation
from loadtests.model.people.page import PageState
from loadtests.model.people.profile import Way
from loadtests.model.session.behaviour import (
    MOUNTED_AGAIN_SECONDS,
    leave,
    open_session,
    quiet_period,
    recover,
    reload,
    unused_session,
)
from loadtests.model.session.keepalive import keep_alive_timer
from loadtests.model.session.person import Person
from loadtests.model.session.session import Session, State
from loadtests.model.session.steps import Behaviour, Call, Fork, Sleep

_P = ParamSpec("_P")
_frame_of = sys._getframe
_errors = UserErrors()


class Action(msgspec.Struct, gc=False):
    """An action that a locustfile asked for, at a place in it. It happens when it is iterated, by `yield from`."""

    behaviour: Behaviour | None
    name: str
    code: CodeType
    instruction: int
    """In the code. Its line is looked up only where it is needed: that takes longer than the rest of an action."""

    def __iter__(self) -> Behaviour:
        behaviour, self.behaviour = self.behaviour, None
        assert behaviour is not None, f"visitor.{self.name}() happens once"
        return behaviour

    def __del__(self) -> None:
        if self.behaviour is not None:
            lines = [position[0] or 0 for position in self.code.co_positions()]
            line = lines[self.instruction // 2]
            _errors.report_at(self.code.co_filename, line, f"visitor.{self.name}() without `yield from` does nothing")


def action(method: Callable[_P, Behaviour]) -> Callable[_P, Behaviour]:
    """Makes a method say so if what it returns is dropped: a generator that is never iterated does nothing, silently."""
    name = method.__name__

    @wraps(method)
    def asked(*arguments: _P.args, **others: _P.kwargs) -> Behaviour:
        caller = _frame_of(1)
        # An Action can only be iterated, by `yield from`; `cast` would cost a function's call.
        return Action(method(*arguments, **others), name, caller.f_code, caller.f_lasti)  # type: ignore[return-value]

    return asked


class Visitor:
    """One person with one session. `now`: the person's time, in seconds of the run."""

    def __init__(self, person: Person, now: float) -> None:
        self.person = person
        self.now = now
        self.session: Session = person.session()

    @property
    def is_open(self) -> bool:
        """Whether the session can be used."""
        return self.session.usable

    @action
    def open(self) -> Behaviour:
        """Opens a session, with the profile's retries if it is refused; returns whether it is open."""
        self.now = yield from open_session(self.person, self.session, Way.CLOSE, self.now)
        return (yield from self._begin())

    def open_twice(self) -> Behaviour:
        """Opens two sessions within milliseconds and uses the second; returns whether it is open. The first is a leak."""
        yield Fork(unused_session(self.person, self.now))
        self.now = yield Sleep(self.now + MOUNTED_AGAIN_SECONDS)
        return (yield from self.open())

    def reload(self) -> Behaviour:
        """Reloads the page: leaves the session, and opens another seconds later; returns whether that is open."""
        self.session, self.now = yield from reload(self.person, self.session, self.now)
        return (yield from self._begin())

    def recover(self) -> Behaviour:
        """Opens another session after an error, and never closes the one before; returns whether it is open."""
        self.session, self.now = yield from recover(self.person, self.session, self.now)
        return (yield from self._begin())

    @action
    def say(self, words: int = 10) -> Behaviour:
        """Sends a task of `words` words and waits until the answer has been spoken; returns the answer."""
        answer = yield from self._call(Operation.TASK, words)
        if answer.outcome is Outcome.OK:
            self.now = yield Sleep(self.now + answer.value)
        return answer

    @action
    def keep_alive(self) -> Behaviour:
        """Sends a keep-alive; returns its answer."""
        return self._call(Operation.KEEP_ALIVE)

    @action
    def wait(self, seconds: float) -> Behaviour:
        """Waits, as a person who thinks."""
        self.now = yield Sleep(self.now + seconds)

    @action
    def be_quiet(self, seconds: float) -> Behaviour:
        """Waits for a quiet period, with keep-alives if the profile sends them."""
        yield from self._be_away(seconds, self.person.profile.page.choose(self.person.draw))

    def hide(self, seconds: float) -> Behaviour:
        """Switches to another tab for a quiet period: the timers of the page are throttled."""
        yield from self._be_away(seconds, PageState.HIDDEN)

    def suspend(self, seconds: float) -> Behaviour:
        """Lets the device sleep for a quiet period: no timer fires before it wakes."""
        yield from self._be_away(seconds, PageState.ASLEEP)

    @action
    def call(self, operation: Operation, words: int = 0) -> Behaviour:
        """Sends any call of the session; returns its answer."""
        return self._call(operation, words)

    @action
    def close(self) -> Behaviour:
        """Leaves and closes the session."""
        self.now = yield from leave(self.person, self.session, Way.CLOSE, self.now)

    @action
    def abandon(self) -> Behaviour:
        """Leaves without closing the session: a leak."""
        self.now = yield from leave(self.person, self.session, Way.ABANDON, self.now)

    def _call(self, operation: Operation, words: int = 0) -> Behaviour:
        answer: Answer = yield Call(self.session, operation, self.now, words)
        self.now = answer.answered
        return answer

    def _begin(self) -> Behaviour:
        keep_alive = self.person.profile.keep_alive
        if self.is_open and keep_alive.when == "always":
            yield Fork(keep_alive_timer(self.session, keep_alive, self.person.draw, self.now))
        return self.session.state is State.OPEN

    def _be_away(self, seconds: float, page: PageState) -> Behaviour:
        self.now = yield from quiet_period(self.person, self.session, seconds, self.now, page)


def run_visit(visit: Callable[[Visitor], Behaviour], person: Person, now: float) -> Behaviour:
    """Runs a locustfile's own visit. A visit that ends with its session open has abandoned it."""
    visitor = Visitor(person, now)
    yield from visit(visitor)
    if visitor.session.state is State.OPEN and not visitor.session.way:
        yield from visitor.abandon()
    return visitor.now
