"""The API's side, rule by rule: idleness, keep-alive, the limit, the cap, the history."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from typing import Any

import pytest

from loadtests.model.api.answer import Outcome, Reason
from loadtests.model.api.operation import USUAL_ACTIVITY, Operation
from loadtests.model.api.reply import Reply
from loadtests.model.api.rules import CloseCause, HostedSession, Rules, Status, Terms
from loadtests.model.api.translation import answer_from_body

DEFAULT = 120.0

Call = Callable[[Rules, float, str], Reply]


def keep_alive(rules: Rules, now: float, session_id: str) -> Reply:
    """`streaming.keep_alive`; also `.interrupt`, `.start_listening` and `.stop_listening`, which are the same rule."""
    return rules.touch(now, session_id)


def start(rules: Rules, now: float, session_id: str) -> Reply:
    """`streaming.start`."""
    return rules.start(now, session_id)


def task(rules: Rules, now: float, session_id: str) -> Reply:
    """`streaming.task`."""
    return rules.task(now, session_id, 3)


def stop(rules: Rules, now: float, session_id: str) -> Reply:
    """`streaming.stop`."""
    return rules.stop(now, session_id)


RESETS = [keep_alive, start, task]


def account(**terms: Any) -> Rules:
    """An account with sessions called s1, s2, s3 and so on."""
    numbers = itertools.count(1)
    return Rules(Terms(**terms), lambda: f"s{next(numbers)}")


def opened(rules: Rules, now: float = 0.0, idle_timeout: Any = None) -> str:
    """The id of a session opened at `now`."""
    reply = rules.new(now, idle_timeout)
    assert (reply.status, reply.code) == (200, 100)
    return str(reply.data["session_id"])


def open_ids(rules: Rules, now: float) -> list[str]:
    """What the list shows at `now`."""
    return [session.id for session in rules.listed(now)]


def said(reply: Reply) -> tuple[int, int]:
    """HTTP status and code."""
    return reply.status, reply.code


def end(rules: Rules, session_id: str) -> tuple[float, CloseCause | None]:
    """When and why the closed session ended."""
    return rules.closed[session_id].ended, rules.closed[session_id].cause


@pytest.mark.parametrize("seconds", [30, 30.0, 30.5, 120, 3598.999, 3599])
def test_idle_timeout_within_the_range_is_taken_exactly(seconds: float) -> None:
    """Each timeout of 30 to 3599 s is accepted, and the session lives exactly as long."""
    rules = account()
    session_id = opened(rules, idle_timeout=seconds)
    assert open_ids(rules, math.nextafter(seconds, 0.0)) == [session_id]
    assert open_ids(rules, seconds) == []
    assert end(rules, session_id) == (seconds, CloseCause.IDLE)


@pytest.mark.parametrize(
    "asked", [29, 29.999, 0, -30, 3599.001, 3600, math.nan, math.inf, 10**400, "120", True, [120], {"seconds": 120}]
)
def test_idle_timeout_outside_the_range_is_refused(asked: Any) -> None:
    """Anything else than 30 to 3599 s is an invalid parameter, and opens nothing."""
    rules = account(limit=1)
    reply = rules.new(0.0, asked)
    assert said(reply) == (400, 40012)
    assert "30 to 3599" in reply.message
    assert open_ids(rules, 0.0) == []
    assert rules.next_due() is None


def test_idle_timeout_defaults_to_two_minutes() -> None:
    """A session for which no timeout is asked is closed after 120 s."""
    rules = account()
    session_id = opened(rules)
    assert open_ids(rules, math.nextafter(DEFAULT, 0.0)) == [session_id]
    assert open_ids(rules, DEFAULT) == []


def test_terms_may_set_another_range() -> None:
    """An account may have another range and another default."""
    rules = account(idle_range=(1.0, 5.0), idle_default=3.0)
    assert said(rules.new(0.0, 5.5)) == (400, 40012)
    session_id = opened(rules)
    assert open_ids(rules, 2.9) == [session_id]
    assert open_ids(rules, 3.0) == []


@pytest.mark.parametrize("reset", RESETS)
def test_activity_resets_the_idle_timer(reset: Call) -> None:
    """Each kind of activity makes the idle time start anew."""
    rules = account()
    session_id = opened(rules)
    assert said(reset(rules, 100.0, session_id)) == (200, 100)
    rules.advance(1000.0)
    assert end(rules, session_id) == (100.0 + DEFAULT, CloseCause.IDLE)


@pytest.mark.parametrize("reset", RESETS)
def test_activity_at_the_due_instant_comes_too_late(reset: Call) -> None:
    """A call "before the timeout expires" counts; one at that very instant finds the session closed."""
    rules = account()
    session_id = opened(rules)
    assert said(reset(rules, DEFAULT, session_id)) == (400, 10005)
    assert end(rules, session_id) == (DEFAULT, CloseCause.IDLE)


def test_calls_that_reset_are_named() -> None:
    """Tasks, start, interrupt, listening and keep-alive are activity; opening, stopping and listing are not."""
    silent = {Operation.CREATE_TOKEN, Operation.NEW, Operation.STOP, Operation.LIST}
    assert set(Operation) - USUAL_ACTIVITY == silent


def test_a_call_that_is_no_activity_does_not_reset() -> None:
    """Where the API's terms say so; it finds the session all the same."""
    rules = account(activity=frozenset({Operation.KEEP_ALIVE}))
    session_id = opened(rules)
    assert said(rules.task(100.0, session_id, 3)) == (200, 100)
    assert said(rules.call(101.0, session_id, Operation.INTERRUPT)) == (200, 100)
    rules.advance(1000.0)
    assert end(rules, session_id) == (DEFAULT, CloseCause.IDLE)
    assert said(rules.task(1001.0, session_id, 3)) == (400, 10005)


def test_listing_is_no_activity() -> None:
    """Looking at the list does not keep a session open."""
    rules = account()
    session_id = opened(rules)
    assert open_ids(rules, 119.0) == [session_id]
    assert open_ids(rules, 121.0) == []


def test_activity_of_one_session_leaves_the_others_alone() -> None:
    """Only the session that was active lives on."""
    rules = account()
    first, second = opened(rules), opened(rules)
    keep_alive(rules, 60.0, second)
    assert open_ids(rules, 120.0) == [second]
    assert end(rules, first) == (120.0, CloseCause.IDLE)


@pytest.mark.parametrize("late", [0.0, 0.001, 400.0, 1e6])
def test_end_is_exact_however_late_it_is_noticed(late: float) -> None:
    """The end of a reaped session is its due time, whenever `advance` is called."""
    events: list[tuple[float, str]] = []
    rules = account()
    rules.on_event = lambda at, event, session: events.append((at, event))
    rules.on_activity = lambda at, session: events.append((at, "activity"))
    session_id = opened(rules, 7.0, 33.3)
    keep_alive(rules, 20.0, session_id)
    rules.advance(20.0 + 33.3 + late)
    assert end(rules, session_id) == (20.0 + 33.3, CloseCause.IDLE)
    assert events == [(7.0, "opened"), (20.0, "activity"), (20.0 + 33.3, "closed")]


def test_late_reaping_keeps_the_order_of_ends() -> None:
    """Sessions that are reaped together end in the order in which they were due."""
    rules = account()
    for seconds in (300, 30, 120, 60):
        opened(rules, idle_timeout=seconds)
    keep_alive(rules, 20.0, "s2")
    rules.advance(1e6)
    assert [(session.id, session.ended) for session in rules.closed.values()] == [
        ("s2", 50.0),
        ("s4", 60.0),
        ("s3", 120.0),
        ("s1", 300.0),
    ]


def test_keep_alives_hold_a_session_for_hours() -> None:
    """With a keep-alive each minute a silent session lives, and dies one timeout after the last of them."""
    rules = account()
    session_id = opened(rules)
    for minute in range(1, 601):
        assert said(keep_alive(rules, minute * 60.0, session_id)) == (200, 100)
    rules.advance(1e9)
    assert end(rules, session_id) == (36_000.0 + DEFAULT, CloseCause.IDLE)


@pytest.mark.parametrize("wish", [True, 1, "yes"])
def test_there_is_no_forever_mode(wish: Any) -> None:
    """`disable_idle_timeout` is taken and warned about, and the session is reaped all the same."""
    rules = account()
    reply = rules.new(0.0, 60, wish)
    assert said(reply) == (200, 100)
    assert "deprecated" in reply.data["warning"]
    rules.advance(1e6)
    assert end(rules, reply.data["session_id"]) == (60.0, CloseCause.IDLE)


def test_no_warning_without_disable_idle_timeout() -> None:
    """`disable_idle_timeout` set to false, as recommended, is not warned about."""
    assert "warning" not in account().new(0.0, 60, False).data


def closed_by_stop() -> tuple[Rules, str]:
    """A session closed by its client at 10 s."""
    rules = account(cap=50.0)
    session_id = opened(rules)
    assert said(stop(rules, 10.0, session_id)) == (200, 100)
    return rules, session_id


def closed_by_idleness() -> tuple[Rules, str]:
    """A session that was reaped at 30 s."""
    rules = account(cap=50.0)
    return rules, opened(rules, idle_timeout=30)


def closed_by_cap() -> tuple[Rules, str]:
    """A session that the cap ended at 50 s."""
    rules = account(cap=50.0)
    return rules, opened(rules, idle_timeout=3599)


CLOSERS: dict[Callable[[], tuple[Rules, str]], tuple[float, CloseCause]] = {
    closed_by_stop: (10.0, CloseCause.STOP),
    closed_by_idleness: (30.0, CloseCause.IDLE),
    closed_by_cap: (50.0, CloseCause.CAP),
}


@pytest.mark.parametrize("call", [*RESETS, stop])
@pytest.mark.parametrize("closer", CLOSERS)
def test_closed_session_takes_no_call_and_stays_closed(closer: Callable[[], tuple[Rules, str]], call: Call) -> None:
    """Every call on a closed session says "closed", and neither revives it nor moves its end."""
    rules, session_id = closer()
    assert said(call(rules, 60.0, session_id)) == (400, 10005)
    assert open_ids(rules, 60.0) == []
    assert end(rules, session_id) == CLOSERS[closer]
    assert rules.closed[session_id].status is Status.CLOSED


@pytest.mark.parametrize("call", [*RESETS, stop])
def test_unknown_session_is_not_found(call: Call) -> None:
    """A call for an id that never was answers "not found"."""
    rules = account()
    opened(rules)
    assert said(call(rules, 1.0, "s9")) == (404, 10006)


def full_account(**terms: Any) -> Rules:
    """An account with a limit of two, both slots taken at 0 s."""
    rules = account(limit=2, **terms)
    opened(rules, idle_timeout=30)
    opened(rules, idle_timeout=3599)
    return rules


def test_limit_refuses_and_opens_nothing() -> None:
    """The session beyond the limit is refused, as a concurrency hit and nothing else."""
    rules = full_account()
    reply = rules.new(1.0, 60)
    answer = answer_from_body(
        reply.status, b'{"code":%d,"message":"%b"}' % (reply.code, reply.message.encode()), 0.0, 1.0
    )
    assert said(reply) == (429, 10007)
    assert (answer.outcome, answer.reason) == (Outcome.FAIL, Reason.CONCURRENCY)
    assert open_ids(rules, 1.0) == ["s1", "s2"]


def test_invalid_parameter_is_told_before_the_full_account() -> None:
    """A wrong timeout is invalid at a full account too: a retry would not help."""
    assert said(full_account().new(1.0, 5)) == (400, 40012)


def test_stop_frees_the_slot_at_once() -> None:
    """After a stop another session fits, at the same instant."""
    rules = full_account()
    stop(rules, 5.0, "s2")
    assert said(rules.new(5.0)) == (200, 100)
    assert said(rules.new(5.0)) == (429, 10007)


def test_reaping_frees_the_slot_at_the_due_instant() -> None:
    """A slot held by an idle session is free from its due time on, and not before."""
    rules = full_account()
    assert said(rules.new(math.nextafter(30.0, 0.0))) == (429, 10007)
    assert said(rules.new(30.0)) == (200, 100)
    assert said(rules.new(30.0)) == (429, 10007)


def test_cap_frees_the_slot() -> None:
    """A slot held by a session at its duration cap is free."""
    rules = full_account(cap=100.0)
    keep_alive(rules, 29.0, "s1")
    keep_alive(rules, 58.0, "s1")
    keep_alive(rules, 87.0, "s1")
    assert said(rules.new(99.0)) == (429, 10007)
    assert said(rules.new(100.0)) == (200, 100)


def test_without_a_limit_any_number_is_open() -> None:
    """No limit means no refusal."""
    rules = account()
    assert len({opened(rules) for _ in range(1000)}) == 1000
    assert len(open_ids(rules, 1.0)) == 1000


def test_cap_ends_a_session_whatever_its_activity() -> None:
    """The duration cap counts from the opening, and activity does not move it."""
    rules = account(cap=100.0)
    session_id = opened(rules, 5.0)
    for now in (30.0, 60.0, 104.0):
        assert said(task(rules, now, session_id)) == (200, 100)
    rules.advance(1e6)
    assert end(rules, session_id) == (105.0, CloseCause.CAP)


@pytest.mark.parametrize(
    ("cap", "expected"), [(99.0, CloseCause.CAP), (120.0, CloseCause.CAP), (121.0, CloseCause.IDLE)]
)
def test_whichever_is_first_ends_a_session(cap: float, expected: CloseCause) -> None:
    """The earlier of idle timeout and cap ends it; the cap where both fall together."""
    rules = account(cap=cap)
    session_id = opened(rules)
    rules.advance(1e6)
    assert end(rules, session_id) == (min(cap, DEFAULT), expected)


def test_new_tells_the_cap_if_there_is_one() -> None:
    """`session_duration_limit` is in the answer to `new` where the account has a cap."""
    assert account(cap=600.0).new(0.0).data["session_duration_limit"] == 600.0
    assert "session_duration_limit" not in account().new(0.0).data


def test_history_holds_each_session_once() -> None:
    """Each session is either open or in the history, with times and cause."""
    rules = account()
    for now in (0.0, 1.0, 2.0):
        opened(rules, now)
    stop(rules, 3.0, "s2")
    keep_alive(rules, 100.0, "s3")
    rules.advance(150.0)
    history = [(session.id, session.created, *end(rules, session.id)) for session in rules.closed.values()]
    assert history == [("s2", 1.0, 3.0, CloseCause.STOP), ("s1", 0.0, 120.0, CloseCause.IDLE)]
    assert list(rules.open) == ["s3"]


def test_history_forgets_the_oldest() -> None:
    """The history is bounded: the oldest closed session is forgotten, and is not found from then on."""
    rules = account(remembered=3)
    for number in range(4):
        stop(rules, float(number), opened(rules, float(number)))
    assert list(rules.closed) == ["s2", "s3", "s4"]
    assert said(keep_alive(rules, 4.0, "s1")) == (404, 10006)
    assert said(keep_alive(rules, 4.0, "s2")) == (400, 10005)


def test_status_follows_the_session() -> None:
    """A session is new, connected once started, and closed."""
    rules = account()
    session_id = opened(rules)
    session: HostedSession = rules.open[session_id]
    seen = [session.status]
    for now, call in enumerate([keep_alive, start, stop], start=1):
        call(rules, float(now), session_id)
        seen.append(session.status)
    assert seen == [Status.NEW, Status.NEW, Status.CONNECTED, Status.CLOSED]


def test_longer_tasks_play_longer_answers() -> None:
    """An answer's duration grows in proportion to the words of the task; no task plays nothing."""
    rules = account()
    session_id = opened(rules)
    none, one, ten = (rules.task(1.0, session_id, words).data["duration_ms"] for words in (0, 1, 10))
    assert none == one > 0
    assert ten == pytest.approx(10 * one, abs=10)


def test_each_task_has_an_id_of_its_own() -> None:
    """Two tasks never share an id."""
    rules = account()
    ids = {rules.task(1.0, session_id, 1).data["task_id"] for session_id in [opened(rules), opened(rules)] * 3}
    assert len(ids) == 6


def test_next_due_is_never_later_than_the_first_end() -> None:
    """Waking at `next_due` misses no end, and after the last end there is nothing to wake for."""
    rules = account()
    assert rules.next_due() is None
    session_id = opened(rules)
    keep_alive(rules, 50.0, session_id)
    wakes = []
    while (due := rules.next_due()) is not None and len(wakes) < 9:
        wakes.append(due)
        rules.advance(due)
    assert wakes == [120.0, 170.0]
    assert end(rules, session_id) == (170.0, CloseCause.IDLE)


def test_refused_calls_are_no_events() -> None:
    """Only what had an effect is told to the listener."""
    events: list[str] = []
    rules = account(limit=1)
    rules.on_event = lambda at, event, session: events.append(f"{at:g} {event} {session.id}")
    rules.on_activity = lambda at, session: events.append(f"{at:g} activity {session.id}")
    opened(rules)
    rules.new(1.0)
    rules.new(1.0, 5)
    keep_alive(rules, 2.0, "s9")
    task(rules, 3.0, "s1")
    stop(rules, 4.0, "s1")
    stop(rules, 5.0, "s1")
    assert events == ["0 opened s1", "3 activity s1", "4 closed s1"]
