"""What persons do: each person is a generator of steps, from arrival to leaving.

The same code runs live against HTTP and in virtual time against the rules in memory.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Generator
from typing import Any

from loadtests.model.api.answer import FULL, Answer, Outcome
from loadtests.model.api.operation import Operation
from loadtests.model.people.draw import Draw
from loadtests.model.people.page import PageState
from loadtests.model.people.profile import Profile, Way
from loadtests.model.session.keepalive import keep_alive_timer
from loadtests.model.session.person import Person
from loadtests.model.session.session import Session, State
from loadtests.model.session.steps import Arrive, Behaviour, Call, Fork, Note, NoteKind, Sleep

_OK, _TASK = Outcome.OK, Operation.TASK
# Bound here for speed: see loadtests.engine.

FAILED_START = "failed-start"
"""Way of leaving: `start` failed and the client sends no stop."""
GIVEN_UP = "given-up"
"""Way of leaving: the client found its session closed."""


MOUNTED_AGAIN_SECONDS = 0.005
"""double-mount: from the first `new` to the second (chosen: React's StrictMode mounts twice within milliseconds)."""
RELOAD_SECONDS = (1.0, 5.0)
"""reload: until the person is back ("within seconds"; chosen, not measured)."""
RECOVERY_SECONDS = 1.0
"""recovery-loop: from an error to the next `new` (chosen, not measured)."""


Visit = Callable[[Person, float], Behaviour]
"""The behaviour of a person from arrival to leaving; returns the time at its end, or the behaviour that follows."""
After = Callable[[Person, Session, float], Any]
"""Returns the behaviour that follows something at this time, or the time if nothing does."""


def arrivals(
    rate: Callable[[float], float],
    peak: float,
    person: Callable[[int], Person],
    draw: Draw,
    now: float,
    pay_visit: Visit | None = None,
) -> Behaviour:
    """Poisson arrivals at `rate(t)` a second, independent of earlier persons (open model). `peak` must bound `rate`.

    By thinning (Lewis and Shedler 1979, doi 10.1002/nav.3800260304): candidates arrive at the constant rate `peak`, and each
    is kept with probability rate(t) / peak.
    """
    arrived = 0
    while True:
        now -= math.log(draw.uniform()) / peak
        yield Sleep(now)
        if draw.uniform() * peak < rate(now):
            yield Arrive((pay_visit or visit)(person(arrived), now))
            arrived += 1


def returning_person(
    profile: Profile, person: Callable[[int], Person], draw: Draw, now: float, pay_visit: Visit | None = None
) -> Behaviour:
    """Visits of one Locust user with a pause after each (closed model)."""
    visits = 0
    while True:
        part = (pay_visit or visit)(person(visits), now)
        while isinstance(part, Generator):
            part = yield from part
        now, visits = part, visits + 1
        now = yield Sleep(now + profile.arrivals.pause.sample(draw))


def visit(person: Person, now: float) -> Behaviour:
    """One visit, from arrival to leaving: its first part, until the session is open."""
    way = person.profile.leaving.choose(person.draw)
    if way is Way.DOUBLE_MOUNT:
        yield Fork(unused_session(person, now))
        way, now = Way.CLOSE, (yield Sleep(now + MOUNTED_AGAIN_SECONDS))
    session = person.session()
    now = yield from open_session(person, session, way, now)
    if session.state is not State.OPEN:
        return now
    if way is Way.RECOVERY_LOOP:
        return _recovery_loop(person, session, now)
    if way is Way.IMPATIENT:
        if person.profile.calls.start:
            yield Fork(_single(session, Operation.START, now))
        return leave(person, session, way, now)
    return (yield from _stay(person, session, now, _AFTER_TALK[way]))


def _stay(person: Person, session: Session, now: float, then: After) -> Behaviour:
    """The person settles in an open session; returns the talk, which `then` follows."""
    # The end is kept instead of the length: a million may stay.
    end, session.planned_stay = now + session.planned_stay, 0.0
    now = yield from _settle(person, session, now)
    return _talk(person, session, now, end, then)


def _leave_by(way: Way) -> After:
    return lambda person, session, now: leave(person, session, way, now)


def unused_session(person: Person, now: float) -> Behaviour:
    """Opens a session that nobody will hold: the component was mounted again before `new` was answered."""
    session = person.session()
    now = yield from open_session(person, session, Way.DOUBLE_MOUNT, now)
    if session.state is State.OPEN:
        yield from leave(person, session, Way.DOUBLE_MOUNT, now)


def reopen(person: Person, session: Session, now: float) -> Behaviour:
    """A reconnect handler opens a second session before `session` is forgotten; returns the second and the time."""
    second = person.session()
    now = yield from open_session(person, second, Way.CLOSE, now)
    yield from leave(person, session, Way.REOPEN, now)
    return second, now


def reload(person: Person, session: Session, now: float) -> Behaviour:
    """The page is reloaded, and the same person is back within seconds; returns their second session and the time."""
    # Nobody waits for the answer to a beacon.
    yield Fork(leave(person, session, Way.RELOAD, now))
    soonest, latest = RELOAD_SECONDS
    now = yield Sleep(now + soonest + (latest - soonest) * person.draw.uniform())
    second = person.session()
    now = yield from open_session(person, second, Way.CLOSE, now)
    return second, now


def recover(person: Person, session: Session, now: float) -> Behaviour:
    """The client recovers from an error: it opens another session and never closes `session`; returns the other and the time."""
    yield from leave(person, session, Way.RECOVERY_LOOP, now)
    now = yield Sleep(now + RECOVERY_SECONDS)
    second = person.session()
    now = yield from open_session(person, second, Way.CLOSE, now)
    return second, now


def _go_on(replace: Callable[[Person, Session, float], Behaviour]) -> After:
    """Returns what follows the first session of a person who gets a second one by `replace`. Once, so that the visit ends."""

    def go_on(person: Person, session: Session, now: float) -> Behaviour:
        second, now = yield from replace(person, session, now)
        if second.state is not State.OPEN:
            return now
        return (yield from _stay(person, second, now, _leave_by(Way.CLOSE)))

    return go_on


_AFTER_TALK: dict[Way, After] = {
    **{way: _leave_by(way) for way in Way},
    Way.REOPEN: _go_on(reopen),
    Way.RELOAD: _go_on(reload),
}
"""What a person who leaves in one of these ways does when the planned stay is over."""


def _recovery_loop(person: Person, session: Session, now: float) -> Behaviour:
    """A person whose client opens another session at each error, until the end of the stay that the first one planned."""
    end, every = now + session.planned_stay, person.profile.leaving.error_every
    while session.state is State.OPEN:
        error = min(now + every.sample(person.draw), end)
        now = yield from _settle(person, session, now)
        now = yield from _until_error(session, _talk(person, session, now, error, _nothing))
        if now >= end:
            return (yield from leave(person, session, Way.CLOSE, now))
        session, now = yield from recover(person, session, now)
    return now


def _until_error(session: Session, talk: Behaviour) -> Behaviour:
    """Carries out `talk`, in which the client gives `session` up as soon as a call fails; returns what `talk` returns."""
    sent = None
    try:
        while True:
            step = talk.send(sent)
            sent = yield step
            if type(step) is Call and sent.outcome is not _OK:
                session.given_up = True
    except StopIteration as ended:
        return ended.value


def open_session(person: Person, session: Session, way: Way, now: float) -> Behaviour:
    """Opens a session, with retries; returns the time. The session is open then, or the person has given up."""
    profile, draw = person.profile, person.draw
    length = 0.0 if way in (Way.IMPATIENT, Way.DOUBLE_MOUNT) else profile.session_length.sample(draw)
    session.planned_stay = length
    yield Note(session, NoteKind.ARRIVE, now, length, way.value)
    attempt = 0
    while True:
        if profile.calls.create_token:
            token: Answer = yield Call(session, Operation.CREATE_TOKEN, now)
            now = token.answered
        answer: Answer = yield Call(session, Operation.NEW, now)
        attempt += 1
        if session.state is State.OPEN:
            return answer.answered
        if answer.outcome is not Outcome.FAIL or answer.reason not in FULL or attempt > profile.on_refusal.retries:
            yield Note(session, NoteKind.GIVE_UP, answer.answered, attempt, answer.reason.value)
            return answer.answered
        now = yield Sleep(answer.answered + profile.on_refusal.wait(attempt, answer.retry_after, draw))


def _settle(person: Person, session: Session, now: float) -> Behaviour:
    """Starts the keep-alive timer that always runs, and calls `start`; returns the time."""
    profile = person.profile
    if profile.keep_alive.when == "always":
        yield Fork(keep_alive_timer(session, profile.keep_alive, person.draw, now))
    if profile.calls.start:
        started: Answer = yield Call(session, Operation.START, now)
        session.start_failed = started.outcome is not Outcome.OK
        return started.answered
    return now


def _nothing(_person: Person, _session: Session, now: float) -> float:
    """Nothing follows: the caller continues at `now`."""
    return now


def _talk(person: Person, session: Session, now: float, end: float, then: After) -> Behaviour:
    """Turns (thinking, a task, its spoken answer), some followed by a quiet period, until the planned end or until the session
    is found closed; returns what follows by `then`.
    """
    # A million may sleep here, so there are few variables, and each keeps only what it needs.
    while now < end and session.usable and not session.start_failed:
        send_at, words = _next_turn(person, now)
        now = yield Sleep(min(send_at, end))
        if send_at >= end or not session.usable:
            break
        answer: Answer = yield Call(session, _TASK, now, words)
        now = answer.answered
        if person.profile.turns.wait_for_answer and now < end and answer.outcome is _OK:
            now = yield Sleep(min(now + answer.value, end))
        del answer
        if now < end and session.usable and person.draw.chance(person.profile.quiet.chance):
            now = yield from _quiet_until(person, session, now, end)
    return then(person, session, now)


def _next_turn(person: Person, now: float) -> tuple[float, int]:
    """Returns when the person's next task is sent, and how many words it has."""
    turns, draw = person.profile.turns, person.draw
    send_at = now + turns.thinking.quantile(draw.uniform())
    return send_at, round(turns.words.quantile(draw.uniform())) or 1


def _quiet_until(person: Person, session: Session, now: float, latest: float) -> Behaviour:
    """Returns a quiet period of the person's own length, which ends at `latest` at the latest."""
    length = min(person.profile.quiet.length.sample(person.draw), latest - now)
    return quiet_period(person, session, length, now, person.profile.page.choose(person.draw))


def quiet_period(
    person: Person, session: Session, length: float, now: float, page: PageState = PageState.VISIBLE
) -> Behaviour:
    """A period in which the person is there, but the API detects no activity; returns the time at its end.

    `page`: what becomes of the client's page in that time.
    """
    keep_alive = person.profile.keep_alive
    session.quiet = True
    if page is not PageState.VISIBLE:
        session.page = person.open_page()
        session.page.turn(page, now, now + length)
    yield Note(session, NoteKind.QUIET, now, length, page.value)
    if keep_alive.when == "quiet":
        yield Fork(keep_alive_timer(session, keep_alive, person.draw, now))
    now = yield Sleep(now + length)
    session.quiet = False
    if keep_alive.when == "quiet":
        session.stop_timer()
    yield Note(session, NoteKind.RESUME, now)
    return now


def leave(person: Person, session: Session, way: Way, now: float) -> Behaviour:
    """The person leaves; returns the time."""
    leaving = person.profile.leaving
    sends_stop = (
        way is Way.CLOSE
        or (way is Way.IMPATIENT and leaving.impatient_sends_stop)
        or (way is Way.RELOAD and leaving.reload_sends_beacon)
    )
    way_left = way.value
    if session.state is not State.OPEN:
        way_left, sends_stop = GIVEN_UP, False
    elif session.start_failed and way is not Way.RECOVERY_LOOP:
        sends_stop = leaving.stop_after_failed_start
        way_left = Way.CLOSE.value if sends_stop else FAILED_START
    session.leave(way_left)
    yield Note(session, NoteKind.LEAVE, now, detail=way_left)
    if way_left == Way.ZOMBIE:
        yield from _start_zombie(person, session, now)
        return now
    session.stop_timer()
    if way_left == Way.CRASH:
        crashed: Answer = yield Call(session, Operation.TASK, now, words=1, cut=True)
        return crashed.answered
    if sends_stop:
        stopped: Answer = yield Call(session, Operation.STOP, now)
        return stopped.answered
    return now


def _start_zombie(person: Person, session: Session, now: float) -> Behaviour:
    # A timer that already runs is simply not stopped. A client with timers in quiet periods only starts a lasting one.
    if person.profile.keep_alive.when != "always":
        yield Fork(keep_alive_timer(session, person.profile.keep_alive, person.draw, now))


def _single(session: Session, operation: Operation, now: float) -> Behaviour:
    yield Call(session, operation, now)
