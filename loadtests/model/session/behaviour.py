"""What persons do: each person is a generator of steps, from arrival to leaving.

The same code runs live against HTTP and in virtual time against the rules in memory.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from loadtests.model.api.answer import FULL, Answer, Outcome
from loadtests.model.api.operation import Operation
from loadtests.model.people.draw import Draw
from loadtests.model.people.profile import Profile, Way
from loadtests.model.session.keepalive import keep_alive_timer
from loadtests.model.session.session import Session, State
from loadtests.model.session.steps import Arrive, Behaviour, Call, Fork, Note, NoteKind, Sleep

_OK, _TASK = Outcome.OK, Operation.TASK
# Bound here for speed: see loadtests.engine.

FAILED_START = "failed-start"
"""Way of leaving: `start` failed and the client sends no stop."""
GIVEN_UP = "given-up"
"""Way of leaving: the client found its session closed."""


class Person:
    """One person: a profile, a stream of randomness, and a source of session numbers."""

    __slots__ = ("draw", "number", "profile")

    def __init__(self, profile: Profile, draw: Draw, number: Callable[[], int]) -> None:
        self.profile = profile
        self.draw = draw
        self.number = number

    def session(self) -> Session:
        """Returns a session not yet opened, with the idle timeout that the client will request."""
        idle_timeout = float(round(self.profile.idle_timeout.sample(self.draw)))
        return Session(self.number(), self.profile.name, idle_timeout)


Visit = Callable[[Person, float], Behaviour]
"""The behaviour of a person from arrival to leaving; returns the time at its end."""


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
        now = yield from (pay_visit or visit)(person(visits), now)
        visits += 1
        now = yield Sleep(now + profile.arrivals.pause.sample(draw))


def visit(person: Person, now: float) -> Behaviour:
    """One visit, from arrival to leaving; returns the time at its end."""
    way = person.profile.leaving.choose(person.draw)
    session = person.session()
    now = yield from open_session(person, session, way, now)
    if way is Way.REOPEN and session.state is State.OPEN:
        # The reconnect handler opens a second session before the first is forgotten; once in each visit, so that the visit ends.
        end = now + session.planned_stay
        now = yield from _settle(person, session, now)
        now = yield from _talk(person, session, now, end)
        first, session, way = session, person.session(), Way.CLOSE
        now = yield from open_session(person, session, way, now)
        yield from leave(person, first, Way.REOPEN, now)
    if session.state is not State.OPEN:
        return now
    if way is not Way.IMPATIENT:
        # Called one after the other without a function around them: a million may be active, and each generator takes 0.3 KB.
        end = now + session.planned_stay
        now = yield from _settle(person, session, now)
        now = yield from _talk(person, session, now, end)
    elif person.profile.calls.start:
        yield Fork(_single(session, Operation.START, now))
    return (yield from leave(person, session, way, now))


def open_session(person: Person, session: Session, way: Way, now: float) -> Behaviour:
    """Opens a session, with retries; returns the time. The session is open then, or the person has given up."""
    profile, draw = person.profile, person.draw
    length = 0.0 if way is Way.IMPATIENT else profile.session_length.sample(draw)
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


def _talk(person: Person, session: Session, now: float, end: float) -> Behaviour:
    """Turns (thinking, a task, its spoken answer), some followed by a quiet period, until the planned end or until the session
    is found closed; returns the time.
    """
    draw, turns, chance = person.draw, person.profile.turns, person.profile.quiet.chance
    # Read from the profile once, not in each turn.
    thinking, words, waits = turns.thinking.quantile, turns.words.quantile, turns.wait_for_answer
    while now < end and session.usable and not session.start_failed:
        send_at, length = now + thinking(draw.uniform()), round(words(draw.uniform())) or 1
        if send_at >= end:
            return (yield Sleep(end))
        now = yield Sleep(send_at)
        if not session.usable:
            return now
        answer: Answer = yield Call(session, _TASK, now, length)
        now = answer.answered
        if waits and now < end and answer.outcome is _OK:
            now = yield Sleep(min(now + answer.value, end))
        if now < end and session.usable and draw.chance(chance):
            quiet = person.profile.quiet.length.sample(draw)
            now = yield from quiet_period(person, session, min(quiet, end - now), now)
    return now


def quiet_period(person: Person, session: Session, length: float, now: float) -> Behaviour:
    """A period in which the person is there, but the API detects no activity; returns the time at its end."""
    keep_alive = person.profile.keep_alive
    session.quiet = True
    yield Note(session, NoteKind.QUIET, now, length)
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
    sends_stop = way is Way.CLOSE or (way is Way.IMPATIENT and leaving.impatient_sends_stop)
    way_left = way.value
    if session.state is not State.OPEN:
        way_left, sends_stop = GIVEN_UP, False
    elif session.start_failed:
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
