"""What people do: each person a generator of steps, from arrival to leaving.

Nothing here knows whether the API is real, a sandbox or a rules object in memory, nor whether time is.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from loadtests.model.api.answer import FULL, Answer, Outcome
from loadtests.model.api.surface import Operation
from loadtests.model.people.draw import Draw
from loadtests.model.people.profile import Profile, Way
from loadtests.model.session.keepalive import keep_alive_timer
from loadtests.model.session.session import Session, State
from loadtests.model.session.steps import Arrive, Behaviour, Call, Fork, Note, NoteKind, Sleep

_OK, _TASK = Outcome.OK, Operation.TASK
"""By names of their own: Python 3.11 takes ten times as long to find a member of an enum as a name of the module."""

FAILED_START = "failed-start"
"""The way of leaving of a client whose `start` failed and that sends no stop."""
GIVEN_UP = "given-up"
"""The way of leaving of a client that found its session dead."""


class Person:
    """One person: a profile, a stream of randomness, and a source of session numbers."""

    __slots__ = ("draw", "number", "profile")

    def __init__(self, profile: Profile, draw: Draw, number: Callable[[], int]) -> None:
        self.profile = profile
        self.draw = draw
        self.number = number

    def session(self) -> Session:
        """A session not yet opened, with the idle timeout that this person's client asks for."""
        idle_timeout = float(round(self.profile.idle_timeout.sample(self.draw)))
        return Session(self.number(), self.profile.name, idle_timeout)


Visit = Callable[[Person, float], Behaviour]
"""What a person does from arrival to leaving; returns the time at its end."""


def arrivals(
    rate: Callable[[float], float],
    peak: float,
    person: Callable[[int], Person],
    draw: Draw,
    now: float,
    pay_visit: Visit | None = None,
) -> Behaviour:
    """A stream of people, Poisson with `rate(t)` a second, whether or not earlier ones have gone (open model).

    By thinning (Lewis and Shedler 1979, doi 10.1002/nav.3800260304): candidates at the constant rate `peak`, each kept
    with probability rate(t) / peak. So `peak` must bound `rate`.
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
    """One person after the other in one place: a visit, a pause, the next (closed model)."""
    visits = 0
    while True:
        now = yield from (pay_visit or visit)(person(visits), now)
        visits += 1
        now = yield Sleep(now + profile.arrivals.pause.sample(draw))


def visit(person: Person, now: float) -> Behaviour:
    """One person's visit, from arrival to leaving; returns the time at its end."""
    way = person.profile.leaving.choose(person.draw)
    session = person.session()
    now = yield from open_session(person, session, way, now)
    if way is Way.REOPEN and session.state is State.OPEN:
        # The reconnect handler: a second session is opened before the first is forgotten. Once each visit, so that a
        # visit ends.
        end = now + session.planned_stay
        now = yield from _settle(person, session, now)
        now = yield from _talk(person, session, now, end)
        first, session, way = session, person.session(), Way.CLOSE
        now = yield from open_session(person, session, way, now)
        yield from leave(person, first, Way.REOPEN, now)
    if session.state is not State.OPEN:
        return now
    if way is not Way.IMPATIENT:
        # One after the other, and neither within a third: a million may be here, and each generator takes 0.3 KB.
        end = now + session.planned_stay
        now = yield from _settle(person, session, now)
        now = yield from _talk(person, session, now, end)
    elif person.profile.calls.start:
        yield Fork(_single(session, Operation.START, now))
    return (yield from leave(person, session, way, now))


def open_session(person: Person, session: Session, way: Way, now: float) -> Behaviour:
    """Try to get a session; returns the time. The session is open then, or the person is lost."""
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
    """The timer that always runs, and the start call; returns the time."""
    profile = person.profile
    if profile.keep_alive.when == "always":
        yield Fork(keep_alive_timer(session, profile.keep_alive, person.draw, now))
    if profile.calls.start:
        started: Answer = yield Call(session, Operation.START, now)
        session.start_failed = started.outcome is not Outcome.OK
        return started.answered
    return now


def _talk(person: Person, session: Session, now: float, end: float) -> Behaviour:
    """Turns (thinking, a task, its answer heard out), each maybe with a quiet period after it, until the planned end or until the
    session is found dead; returns the time.
    """
    draw, turns, chance = person.draw, person.profile.turns, person.profile.quiet.chance
    # What each turn asks for is taken out of the profile once.
    thinking, words, waits = turns.thinking.quantile, turns.words.quantile, turns.wait_for_answer
    while now < end and session.usable and not session.start_failed:
        thought, said = now + thinking(draw.uniform()), round(words(draw.uniform())) or 1
        if thought >= end:
            return (yield Sleep(end))
        now = yield Sleep(thought)
        if not session.usable:
            return now
        answer: Answer = yield Call(session, _TASK, now, said)
        now = answer.answered
        if waits and now < end and answer.outcome is _OK:
            now = yield Sleep(min(now + answer.value, end))
        if now < end and session.usable and draw.chance(chance):
            length = person.profile.quiet.length.sample(draw)
            now = yield from quiet_period(person, session, min(length, end - now), now)
    return now


def quiet_period(person: Person, session: Session, length: float, now: float) -> Behaviour:
    """The person is there, but the API detects nothing; returns the time at which that ends."""
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
    """The person goes; returns the time."""
    leaving = person.profile.leaving
    sends_stop = way is Way.CLOSE or (way is Way.IMPATIENT and leaving.impatient_sends_stop)
    said = way.value
    if session.state is not State.OPEN:
        said, sends_stop = GIVEN_UP, False
    elif session.start_failed:
        sends_stop = leaving.stop_after_failed_start
        said = Way.CLOSE.value if sends_stop else FAILED_START
    session.leave(said)
    yield Note(session, NoteKind.LEAVE, now, detail=said)
    if said == Way.ZOMBIE:
        yield from _haunt(person, session, now)
        return now
    session.stop_timer()
    if said == Way.CRASH:
        crashed: Answer = yield Call(session, Operation.TASK, now, words=1, cut=True)
        return crashed.answered
    if sends_stop:
        stopped: Answer = yield Call(session, Operation.STOP, now)
        return stopped.answered
    return now


def _haunt(person: Person, session: Session, now: float) -> Behaviour:
    # A timer that already runs survives by itself; a client with timers in quiet periods only gets one that lasts.
    if person.profile.keep_alive.when != "always":
        yield Fork(keep_alive_timer(session, person.profile.keep_alive, person.draw, now))


def _single(session: Session, operation: Operation, now: float) -> Behaviour:
    yield Call(session, operation, now)
