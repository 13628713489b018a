"""The keep-alive timer of a client. A separate behaviour, because it may outlive its person."""

from __future__ import annotations

import math
from enum import IntEnum
from typing import Any

import msgspec

from loadtests.model.api.answer import Answer, Outcome
from loadtests.model.api.operation import Operation
from loadtests.model.people.draw import Draw
from loadtests.model.people.profile import KeepAlive
from loadtests.model.session.session import Session
from loadtests.model.session.steps import Call, Sleep


class _Awaits(IntEnum):
    """What a timer waits for."""

    NOTHING = 0
    """It has not begun."""
    TICK = 1
    """Its next time."""
    PAGE = 2
    """The page, which is hidden at that time."""
    ANSWER = 3


_OK, _KEEP_ALIVE = Outcome.OK, Operation.KEEP_ALIVE
_TICK, _PAGE, _ANSWER = _Awaits.TICK, _Awaits.PAGE, _Awaits.ANSWER
# Bound here for speed: see loadtests.engine.


def keep_alive_timer(session: Session, policy: KeepAlive, draw: Draw, now: float) -> KeepAliveTimer:
    """Returns a timer that sends keep-alives in gaps of `policy.interval` from `now` on, until the session's timer is replaced
    or stopped.

    With jitter each gap is uniform between interval × (1 − jitter) and interval × (1 + jitter). As with JavaScript's setInterval,
    the times do not depend on the answers. Times that pass while an answer is awaited are skipped, and so are those that pass
    while the page is hidden and its timers must wait (`page`).
    """
    interval = policy.interval(session.idle_timeout)
    return KeepAliveTimer(session, policy, draw, session.start_timer(), interval, began=now, due=now)


class KeepAliveTimer(msgspec.Struct, gc=False):
    """A running timer: a behaviour (`steps`). Not a generator, because a million may sleep: one takes a third of the memory."""

    session: Session
    policy: KeepAlive
    draw: Draw
    token: int
    """Of the session's timer, which another one may replace."""
    interval: float
    """Seconds, without jitter."""
    began: float
    due: float
    """When the keep-alive is due, in seconds of the run."""
    tick: int = 0
    """The number of intervals from `began` to `due`."""
    awaits: _Awaits = _Awaits.NOTHING

    def send(self, value: Any) -> Sleep | Call:
        """Takes the result of the last step and returns the next one. Raises StopIteration at its end."""
        if self.awaits is _TICK:
            return self._fire()
        if self.awaits is _ANSWER:
            self._take(value)
        elif self.awaits is _PAGE:
            return self._fire_late()
        self.tick += 1
        # Without jitter not the sum of gaps: it would drift by rounding.
        self.due = self.due + self._gap() if self.policy.jitter else self.began + self.interval * self.tick
        self.awaits = _TICK
        return Sleep(self.due)

    def close(self) -> None:
        """Nothing is left to do."""

    def _fire(self) -> Sleep | Call:
        session = self.session
        if not session.is_timer(self.token):
            raise StopIteration
        if session.page is None:
            self.awaits = _ANSWER
            return Call(session, _KEEP_ALIVE, self.due)
        # Only now, because nobody knew at the start of the wait whether the page would be hidden at its end.
        self.awaits, self.due = _PAGE, session.page.wake(self.due)
        return Sleep(self.due)

    def _fire_late(self) -> Call:
        if not self.session.is_timer(self.token):
            raise StopIteration
        # As setInterval does, even if the wake-up is exactly at the next time.
        self.tick = max(self.tick, math.floor((self.due - self.began) / self.interval + 1e-9))
        self.awaits = _ANSWER
        return Call(self.session, _KEEP_ALIVE, self.due)

    def _take(self, answer: Answer) -> None:
        session, on_failure, answered = self.session, self.policy.on_failure, answer.answered
        if answer.outcome is not _OK and on_failure != "ignore":
            session.given_up = session.given_up or on_failure == "leave"
            raise StopIteration
        if self.policy.jitter:
            while self.due + self.interval < answered:
                self.due += self._gap()
        elif answered > self.began + self.interval * (self.tick + 1):
            self.tick = math.ceil((answered - self.began) / self.interval) - 1

    def _gap(self) -> float:
        return self.interval * (1 + self.policy.jitter * (2 * self.draw.uniform() - 1))
