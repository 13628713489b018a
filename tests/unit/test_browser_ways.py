"""How browsers arrive and leave: mounted twice, reloaded, recovered in a loop. In virtual time, with exact equality."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from loadtests.model.api.answer import Answer, Outcome, Reason
from loadtests.model.api.operation import Operation
from loadtests.model.session.behaviour import (
    MOUNTED_AGAIN_SECONDS,
    RECOVERY_SECONDS,
    RELOAD_SECONDS,
    visit,
)
from loadtests.model.session.session import Holder, State
from loadtests.model.session.steps import Behaviour, Call
from loadtests.plugin.users.visitor import Visitor, run_visit

from .drive import Driver, Event, person, profile, refuse, yes

_CALLS = ("new", "leave", "stop")


def _calls(driver: Driver) -> list[tuple[int, str, str]]:
    return [(session, kind, detail) for _, session, kind, detail in driver.events if kind in _CALLS]


def _run(driver: Driver, **tables: object) -> list[Event]:
    return driver.run(visit(person(profile(session_length=25, **tables)), 0.0), until=1000)


def test_double_mount_opens_two_sessions_within_milliseconds() -> None:
    """Nobody holds the first; the second is used and closed."""
    driver = Driver()
    _run(driver, leaving={"double_mount": 1.0})
    assert driver.times("new") == [0.0, MOUNTED_AGAIN_SECONDS]
    assert _calls(driver) == [
        (1, "new", ""),
        (1, "leave", "double-mount"),
        (2, "new", ""),
        (2, "leave", "close"),
        (2, "stop", ""),
    ]
    used = {session for _, session, kind, _ in driver.events if kind in ("start", "task", "keep_alive")}
    assert used == {2}
    assert driver.sessions[1].holder is Holder.LEAKED


def test_a_refused_double_mount_leaks_nothing() -> None:
    """Both are refused, and the person gives up twice."""
    driver = Driver(refuse(Reason.CONCURRENCY, Operation.NEW))
    _run(driver, leaving={"double_mount": 1.0})
    assert len(driver.times("give-up")) == 2
    assert driver.times("leave") == []


@pytest.mark.parametrize(("beacon", "state"), [(False, State.OPEN), (True, State.CLOSED)])
def test_a_reload_leaves_the_session_and_comes_back_within_seconds(beacon: bool, state: State) -> None:
    """The page goes, at best a beacon is sent, and the same person opens another session."""
    driver = Driver()
    _run(driver, leaving={"reload": 1.0, "reload_sends_beacon": beacon}, keep_alive={"when": "always", "every": 10})
    first = [(1, "new", ""), (1, "leave", "reload"), *([(1, "stop", "")] if beacon else [])]
    assert _calls(driver) == [*first, (2, "new", ""), (2, "leave", "close"), (2, "stop", "")]
    left, back = driver.times("leave")[0], driver.times("new")[1]
    assert RELOAD_SECONDS[0] <= back - left <= RELOAD_SECONDS[1]
    assert driver.sessions[1].state is state
    late = [kind for at, session, kind, _ in driver.events if session == 1 and at > left and kind == "keep_alive"]
    assert late == []


def test_a_recovery_loop_opens_a_session_at_each_error_and_closes_only_the_last() -> None:
    """The player fails each 8 s of a stay of 25 s: three sessions are left, the fourth is closed."""
    driver = Driver()
    _run(driver, leaving={"recovery_loop": 1.0, "error_every": 8})
    assert _calls(driver) == [
        (1, "new", ""),
        (1, "leave", "recovery-loop"),
        (2, "new", ""),
        (2, "leave", "recovery-loop"),
        (3, "new", ""),
        (3, "leave", "close"),
        (3, "stop", ""),
    ]
    assert driver.times("new") == [0.0, 8.0 + RECOVERY_SECONDS, 16.0 + 2 * RECOVERY_SECONDS]


def test_a_recovery_loop_recovers_from_calls_that_fail() -> None:
    """A task that fails is an error, though the session is open; the client does not wait for its player to fail."""
    driver = Driver(_first_task_fails)
    _run(driver, leaving={"recovery_loop": 1.0, "error_every": 1000})
    assert driver.times("new") == [0.0, 10.0 + RECOVERY_SECONDS]
    assert driver.sessions[1].holder is Holder.LEAKED


def test_a_recovery_loop_against_a_failing_start_does_not_spin() -> None:
    """Each start fails, so each session is left at once: one a second, until the stay is over and the person closes the last."""
    driver = Driver(refuse(Reason.SERVER_ERROR, Operation.START))
    _run(driver, leaving={"recovery_loop": 1.0})
    assert driver.times("new") == [float(n) for n in range(26)]
    assert driver.times("stop") == [25.0]


def _first_task_fails(call: Call, now: float) -> Answer:
    if call.operation is Operation.TASK and call.session.number == 1:
        return Answer(Outcome.FAIL, Reason.SERVER_ERROR, now, now, 500)
    return yes(call, now)


def _twice(visitor: Visitor) -> Behaviour:
    yield from visitor.open_twice()
    yield from visitor.close()


def _reloads(visitor: Visitor) -> Behaviour:
    yield from visitor.open()
    yield from visitor.reload()
    yield from visitor.close()


def _recovers(visitor: Visitor) -> Behaviour:
    yield from visitor.open()
    yield from visitor.recover()
    yield from visitor.recover()
    yield from visitor.close()


@pytest.mark.parametrize(
    ("own", "left"),
    [
        (_twice, ["double-mount", "close"]),
        (_reloads, ["reload", "close"]),
        (_recovers, ["recovery-loop", "recovery-loop", "close"]),
    ],
    ids=["open_twice", "reload", "recover"],
)
def test_a_locustfile_of_ones_own_has_the_same_ways(own: Callable[[Visitor], Behaviour], left: list[str]) -> None:
    """Each way by name; the last session is closed, the others are not."""
    driver = Driver()
    driver.run(run_visit(own, person(profile()), 0.0), until=100)
    assert [detail for _, _, kind, detail in driver.events if kind == "leave"] == left
    assert len(driver.times("stop")) == 1


def test_a_locustfile_of_ones_own_hides_the_page() -> None:
    """Ten minutes hidden, then ten asleep: keep-alives at their interval, then each minute, then one at waking."""

    def away(visitor: Visitor) -> Behaviour:
        yield from visitor.open()
        yield from visitor.hide(600)
        yield from visitor.suspend(600)
        yield from visitor.wait(1)

    driver = Driver()
    mine = profile(idle_timeout=1000, keep_alive={"when": "always", "every": 20})
    driver.run(run_visit(away, person(mine), 0.0), until=1201)
    times = driver.times("keep_alive")
    # Fourteen in the first 300 s, five or six in the next, none of the thirty in the sleep but one at its end.
    assert 18 <= sum(at < 600 for at in times) <= 21
    assert [at for at in times if at > 600] == [1200.0]
    assert [detail for _, _, kind, detail in driver.events if kind == "quiet"] == ["hidden", "asleep"]
