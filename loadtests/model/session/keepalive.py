"""The keep-alive timer of a client. A separate behaviour, because it may outlive its person."""

from __future__ import annotations

import math

from loadtests.model.api.answer import Answer, Outcome
from loadtests.model.api.operation import Operation
from loadtests.model.people.draw import Draw
from loadtests.model.people.profile import KeepAlive
from loadtests.model.session.session import Session
from loadtests.model.session.steps import Behaviour, Call, Sleep

_OK, _KEEP_ALIVE = Outcome.OK, Operation.KEEP_ALIVE
# Bound here for speed: see loadtests.engine.


def _gap(interval: float, jitter: float, draw: Draw) -> float:
    return interval * (1 + jitter * (2 * draw.uniform() - 1))


def keep_alive_timer(session: Session, policy: KeepAlive, draw: Draw, now: float) -> Behaviour:
    """Sends keep-alives in gaps of `policy.interval` from `now` on, until the session's timer is replaced or stopped.

    With jitter each gap is uniform between interval × (1 − jitter) and interval × (1 + jitter). As with JavaScript's setInterval,
    the times do not depend on the answers. Times that pass while an answer is awaited are skipped, and so are those that pass
    while the page is hidden and its timers must wait (`page`).
    """
    token = session.start_timer()
    interval, jitter = policy.interval(session.idle_timeout), policy.jitter
    tick, due = 0, now
    while True:
        tick += 1
        # Without jitter not the sum of gaps: it would drift by rounding.
        due = due + _gap(interval, jitter, draw) if jitter else now + interval * tick
        yield Sleep(due)
        if not session.is_timer(token):
            return
        if session.page is not None:
            # Only now, because nobody knew at the start of the wait whether the page would be hidden at its end.
            due = yield Sleep(session.page.wake(due))
            if not session.is_timer(token):
                return
            # As setInterval does, even if the wake-up is exactly at the next time.
            tick = max(tick, math.floor((due - now) / interval + 1e-9))
        answer: Answer = yield Call(session, _KEEP_ALIVE, due)
        if answer.outcome is not _OK and policy.on_failure != "ignore":
            session.given_up = session.given_up or policy.on_failure == "leave"
            return
        if jitter:
            while due + interval < answer.answered:
                due += _gap(interval, jitter, draw)
        elif answer.answered > now + interval * (tick + 1):
            tick = math.ceil((answer.answered - now) / interval) - 1
        # A million timers may sleep, so each keeps only what it needs.
        del answer
