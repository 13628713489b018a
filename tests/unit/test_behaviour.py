"""What people do, step by step, in virtual time and with exact equality."""

from __future__ import annotations

import math
import statistics
from itertools import pairwise

import pytest

from loadtests.model.api.answer import Answer, Outcome, Reason
from loadtests.model.api.operation import Operation
from loadtests.model.api.reply import Reply
from loadtests.model.api.rules import Rules, Terms
from loadtests.model.people.draw import Draw
from loadtests.model.people.profile import KeepAlive
from loadtests.model.session.behaviour import arrivals, returning_person, visit
from loadtests.model.session.keepalive import keep_alive_timer
from loadtests.model.session.session import Holder, Session, State
from loadtests.model.session.steps import Call

from .drive import Answers, Driver, Event, person, profile, refuse, yes


def test_a_polite_visit_is_new_start_tasks_stop() -> None:
    """A person opens, starts, speaks each ten seconds, and closes when their time is over."""
    polite = profile(session_length=35)
    driver = Driver()
    assert driver.run(visit(person(polite), 0.0), until=1000) == [
        (0.0, 1, "arrive", "close"),
        (0.0, 1, "new", ""),
        (0.0, 1, "start", ""),
        (10.0, 1, "task", ""),
        (20.0, 1, "task", ""),
        (30.0, 1, "task", ""),
        (35.0, 1, "leave", "close"),
        (35.0, 1, "stop", ""),
    ]
    assert driver.sessions[1].state is State.CLOSED


def test_the_answer_is_heard_out_before_thinking_begins() -> None:
    """With wait_for_answer, two seconds of answer come between two tasks."""
    listener = profile(session_length=40, turns={"thinking": 10, "wait_for_answer": True})
    driver = Driver()
    driver.run(visit(person(listener), 0.0), until=1000)
    assert driver.times("task") == [10.0, 22.0, 34.0]


def test_keep_alives_are_sent_in_quiet_periods_only() -> None:
    """Policy `quiet`: a timer runs from a quiet period's beginning to its end, and not a tick longer."""
    quiet = profile(
        session_length=100,
        quiet={"chance": 1, "length": 50},
        keep_alive={"when": "quiet", "every": 20},
    )
    driver = Driver()
    driver.run(visit(person(quiet), 0.0), until=1000)
    assert driver.times("quiet") == [10.0, 70.0]
    assert driver.times("keep_alive") == [30.0, 50.0, 90.0]
    assert driver.times("resume") == [60.0, 100.0]


def test_the_seeds_session_manager_sends_keep_alives_each_60_s_and_never_closes() -> None:
    """The vendor's example: setInterval from the open session on, cleared by a closeSession that sends no stop."""
    example = profile(
        session_length=200,
        calls={"start": False},
        keep_alive={"when": "always", "every": 60},
        leaving={"abandon": 1.0},
    )
    driver = Driver()
    driver.run(visit(person(example), 0.0), until=5000)
    assert driver.times("keep_alive") == [60.0, 120.0, 180.0]
    assert driver.times("stop") == []
    assert driver.sessions[1].holder is Holder.LEAKED


@pytest.mark.parametrize(("idle_timeout", "survives"), [(30, False), (45, False), (60, False), (61, True), (120, True)])
def test_the_seeds_60_s_cannot_keep_a_timeout_of_60_s_or_less_alive(idle_timeout: int, survives: bool) -> None:
    """Against the API's own rules: a silent person with a keep-alive each 60 s lives on only above 60 s."""
    silent = profile(
        idle_timeout=idle_timeout,
        session_length=400,
        calls={"start": False},
        turns={"thinking": 1000},
        keep_alive={"when": "always", "every": 60},
    )
    rules = Rules(Terms(), lambda: "the-id")
    driver = Driver(lambda call, now: _by_rules(rules, call, now))
    driver.run(visit(person(silent), 0.0), until=399)
    rules.advance(399)
    assert bool(rules.open) is survives


def test_a_zombies_timer_survives_the_person() -> None:
    """The person is gone, the keep-alive timer is not."""
    zombie = profile(session_length=50, keep_alive={"when": "always", "every": 20}, leaving={"zombie": 1.0})
    driver = Driver()
    driver.run(visit(person(zombie), 0.0), until=130)
    assert driver.times("leave") == [50.0]
    assert driver.times("keep_alive") == [20.0, 40.0, 60.0, 80.0, 100.0, 120.0]
    assert driver.times("stop") == []


def test_a_zombie_of_a_client_without_lasting_timers_gets_one() -> None:
    """With keep-alives in quiet periods only, a zombie's timer begins when the person goes."""
    zombie = profile(session_length=50, keep_alive={"when": "quiet", "every": 20}, leaving={"zombie": 1.0})
    driver = Driver()
    driver.run(visit(person(zombie), 0.0), until=115)
    assert driver.times("keep_alive") == [70.0, 90.0, 110.0]


def test_abandon_sends_nothing() -> None:
    """The last call of a person who abandons the session is their last task."""
    driver = Driver()
    events = driver.run(visit(person(profile(session_length=15, leaving={"abandon": 1.0})), 0.0), until=1000)
    assert events[-2:] == [(10.0, 1, "task", ""), (15.0, 1, "leave", "abandon")]


def test_crash_cuts_a_request_in_the_middle() -> None:
    """A crash is a task whose connection breaks."""
    driver = Driver()
    events = driver.run(visit(person(profile(session_length=15, leaving={"crash": 1.0})), 0.0), until=1000)
    assert events[-2:] == [(15.0, 1, "leave", "crash"), (15.0, 1, "task", "cut")]


def test_reopen_opens_a_second_session_before_the_first_is_forgotten() -> None:
    """The reconnect handler: two sessions at once, the first leaked, the second closed."""
    driver = Driver()
    events = driver.run(visit(person(profile(session_length=15, leaving={"reopen": 1.0})), 0.0), until=1000)
    calls = [event for event in events if event[2] in ("new", "leave", "stop")]
    assert calls == [
        (0.0, 1, "new", ""),
        (15.0, 2, "new", ""),
        (15.0, 1, "leave", "reopen"),
        (30.0, 2, "leave", "close"),
        (30.0, 2, "stop", ""),
    ]


def test_a_refused_second_session_leaks_the_first_and_loses_the_person() -> None:
    """Reopening against a full account leaves nothing but a leak."""
    first_only = _first_session_only(Reason.CONCURRENCY)
    driver = Driver(first_only)
    driver.run(visit(person(profile(session_length=15, leaving={"reopen": 1.0})), 0.0), until=1000)
    assert driver.times("give-up") == [15.0]
    assert driver.sessions[1].holder is Holder.LEAKED
    assert driver.times("stop") == []


@pytest.mark.parametrize(("sends_stop", "left"), [(True, State.CLOSED), (False, State.OPEN)])
def test_the_impatient_leave_before_start_has_answered(sends_stop: bool, left: State) -> None:
    """Whether that leaks is the client's doing: the profile says whether stop is sent."""
    impatient = profile(leaving={"impatient": 1.0, "impatient_sends_stop": sends_stop})
    driver = Driver()
    events = driver.run(visit(person(impatient), 0.0), until=1000)
    assert ("start" in [event[2] for event in events]) and events[-1][0] == 0.0
    assert driver.sessions[1].state is left


@pytest.mark.parametrize(("sends_stop", "way"), [(True, "close"), (False, "failed-start")])
def test_a_failed_start_ends_the_visit(sends_stop: bool, way: str) -> None:
    """No stop after a failed start is the client's mistake, if the profile makes it."""
    unlucky = profile(leaving={"stop_after_failed_start": sends_stop})
    driver = Driver(refuse(Reason.STATE, Operation.START))
    driver.run(visit(person(unlucky), 0.0), until=1000)
    assert driver.sessions[1].way == way
    assert bool(driver.times("stop")) is sends_stop


def test_a_person_backs_off_from_a_full_account_and_is_lost_in_the_end() -> None:
    """Two retries, each wait twice as long, without jitter: at 0, 5 and 15 s."""
    patient = profile(on_refusal={"retries": 2, "backoff": 5, "jitter": 0})
    driver = Driver(refuse(Reason.CONCURRENCY, Operation.NEW))
    driver.run(visit(person(patient), 0.0), until=1000)
    assert driver.times("new") == [0.0, 5.0, 15.0]
    assert driver.events[-1] == (15.0, 1, "give-up", "concurrency-limit")


def test_a_refusal_for_another_reason_is_not_retried() -> None:
    """Backing off helps against a full account, not against a wrong key."""
    patient = profile(on_refusal={"retries": 2, "backoff": 5})
    driver = Driver(refuse(Reason.UNAUTHORIZED, Operation.NEW))
    driver.run(visit(person(patient), 0.0), until=1000)
    assert driver.times("new") == [0.0]


def test_retry_after_is_heeded() -> None:
    """The API's own word on when to come back outweighs a shorter back-off."""

    def later(call: Call, now: float) -> Answer:
        return Answer(Outcome.FAIL, Reason.CONCURRENCY, now, now, 429, retry_after=30.0)

    driver = Driver(later)
    driver.run(visit(person(profile(on_refusal={"retries": 1, "backoff": 5, "jitter": 0})), 0.0), until=1000)
    assert driver.times("new") == [0.0, 30.0]


def test_a_lost_answer_loses_the_person_and_the_session_may_be_open() -> None:
    """A `new` with outcome unknown is not repeated."""

    def lost(call: Call, now: float) -> Answer:
        return Answer(Outcome.UNKNOWN, Reason.TIMEOUT, now, now + 10)

    driver = Driver(lost)
    driver.run(visit(person(profile(on_refusal={"retries": 5})), 0.0), until=1000)
    assert driver.times("new") == [0.0]
    assert driver.sessions[1].state is State.LOST


def test_who_finds_the_session_dead_gives_it_up_without_a_stop() -> None:
    """A task that is told "session closed" ends the visit; nothing is left to close."""
    driver = Driver(refuse(Reason.CLOSED, Operation.TASK))
    events = driver.run(visit(person(profile()), 0.0), until=1000)
    assert events[-2:] == [(10.0, 1, "task", "session-closed"), (10.0, 1, "leave", "given-up")]


@pytest.mark.parametrize(
    ("on_failure", "keep_alives", "left_at"),
    [("ignore", [20.0, 40.0, 60.0, 80.0], 95.0), ("stop", [20.0], 95.0), ("leave", [20.0], 30.0)],
)
def test_what_the_client_does_when_a_keep_alive_fails(
    on_failure: str, keep_alives: list[float], left_at: float
) -> None:
    """Go on, stop the timer, or give the session up at the next turn."""
    failing = profile(
        session_length=95,
        turns={"thinking": 30, "wait_for_answer": False},
        keep_alive={"when": "always", "every": 20, "on_failure": on_failure},
    )
    driver = Driver(refuse(Reason.RATE, Operation.KEEP_ALIVE))
    driver.run(visit(person(failing), 0.0), until=1000)
    assert driver.times("keep_alive") == keep_alives
    assert driver.times("leave") == [left_at]


def test_keep_alive_instants_that_pass_while_an_answer_is_awaited_are_skipped() -> None:
    """Like setInterval the grid does not move; an answer that takes 45 s costs two ticks."""

    def slow(call: Call, now: float) -> Answer:
        answer = yes(call, now)
        if call.operation is Operation.KEEP_ALIVE and now == 20:
            answer.answered = now + 45
        return answer

    silent = profile(turns={"thinking": 1000}, keep_alive={"when": "always", "every": 20})
    driver = Driver(slow)
    driver.run(visit(person(silent), 0.0), until=99)
    assert driver.times("keep_alive") == [20.0, 80.0]


def test_arrivals_are_poisson_with_the_given_rate() -> None:
    """40,000 seconds at one in two seconds: about 20,000 arrivals, gaps with the exponential's mean and spread."""
    driver = Driver()
    one_off = profile(session_length=1, calls={"start": False})
    driver.run(arrivals(lambda t: 0.5, 0.5, lambda n: person(one_off, n), Draw.of(3), 0.0), until=40_000)
    times = driver.times("arrive")
    gaps = [after - before for before, after in pairwise(times)]
    mean = sum(gaps) / len(gaps)
    spread = math.sqrt(sum((gap - mean) ** 2 for gap in gaps) / len(gaps))
    assert mean == pytest.approx(2.0, rel=0.05)
    assert spread == pytest.approx(mean, rel=0.05)


def test_arrivals_follow_a_rate_that_changes() -> None:
    """Thinning: nobody comes while the rate is 0, half as many at half the peak."""
    rates = {0: 0.0, 1: 1.0, 2: 0.5}
    driver = Driver()
    one_off = profile(session_length=1, calls={"start": False})
    driver.run(
        arrivals(lambda t: rates[int(t // 2000)], 1.0, lambda n: person(one_off, n), Draw.of(4), 0.0), until=5999
    )
    counts = [sum(start <= t < start + 2000 for t in driver.times("arrive")) for start in (0, 2000, 4000)]
    assert counts[0] == 0
    assert counts[1] == pytest.approx(2000, rel=0.1)
    assert counts[2] == pytest.approx(1000, rel=0.1)


def test_a_resident_pauses_between_visits() -> None:
    """Closed model: a session of 15 s, a pause of 30, the next."""
    regular = profile(session_length=15, arrivals={"model": "closed", "pause": 30})
    driver = Driver()
    driver.run(returning_person(regular, lambda n: person(regular, n), Draw.of(1), 0.0), until=100)
    assert driver.times("arrive") == [0.0, 45.0, 90.0]


def test_a_run_is_reproducible_from_its_seed() -> None:
    """Equal seeds, equal events; another seed, others."""
    lively = profile(
        session_length={"kind": "exponential", "mean": 60},
        turns={"thinking": {"kind": "exponential", "mean": 7}},
        leaving={"abandon": 0.5},
    )

    def run(seed: int) -> list[Event]:
        return Driver().run(arrivals(lambda t: 0.5, 0.5, lambda n: person(lively, seed + n), Draw.of(seed), 0.0), 500)

    assert run(1) == run(1)
    assert run(1) != run(2)


def _by_rules(rules: Rules, call: Call, now: float) -> Answer:
    reply = rules.new(now, call.session.idle_timeout) if call.operation is Operation.NEW else _touch(rules, call, now)
    if reply.code != 100:
        return Answer(Outcome.FAIL, Reason.CLOSED, now, now, reply.status, reply.code)
    return Answer(Outcome.OK, Reason.NONE, now, now, 200, 100, session_id="the-id")


def _touch(rules: Rules, call: Call, now: float) -> Reply:
    return rules.stop(now, "the-id") if call.operation is Operation.STOP else rules.touch(now, "the-id")


def _first_session_only(reason: Reason) -> Answers:
    def answer(call: Call, now: float) -> Answer:
        if call.operation is Operation.NEW and call.session.number > 1:
            return Answer(Outcome.FAIL, reason, now, now, 429)
        return yes(call, now)

    return answer


@pytest.mark.parametrize("jitter", [0.0, 0.1, 0.5, 1.0])
def test_jitter_applies_to_the_gaps(jitter: float) -> None:
    """Each gap between two keep-alives is uniform around the interval; none is due before the last was."""
    session = Session(1, "test", 1e6)
    session.record_send(Operation.NEW)
    session.record_answer(Operation.NEW, yes(Call(session, Operation.NEW, 0.0), 0.0))
    policy = KeepAlive(when="always", every=10.0, jitter=jitter)
    times = [0.0]
    driver = Driver()
    driver.run(keep_alive_timer(session, policy, Draw.of(7), 0.0), until=20_000.0)
    times += driver.times("keep_alive")
    gaps = [after - before for before, after in pairwise(times)]
    assert all(10 * (1 - jitter) - 1e-6 <= gap <= 10 * (1 + jitter) + 1e-6 for gap in gaps)
    spread = 10 * jitter / math.sqrt(3)
    assert statistics.fmean(gaps) == pytest.approx(10, abs=1e-6 + 5 * spread / math.sqrt(len(gaps)))
    assert statistics.pstdev(gaps) == pytest.approx(spread, abs=1e-6 + 0.05 * spread)
    assert jitter == 0 or (min(gaps) < 10 - 0.9 * 10 * jitter and max(gaps) > 10 + 0.9 * 10 * jitter)
