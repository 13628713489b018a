"""The timers of a hidden page, in virtual time and with exact equality."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadtests.model.api.answer import Answer, Outcome, Reason
from loadtests.model.api.operation import Operation
from loadtests.model.api.rules import Rules, Terms
from loadtests.model.people.draw import Draw
from loadtests.model.people.page import Page, PageState, longest_gap
from loadtests.model.people.profile import PageOptions, Profile
from loadtests.model.session.behaviour import visit
from loadtests.model.session.person import Person
from loadtests.model.session.steps import Call

from .drive import Driver, person, profile


def test_timers_of_a_visible_page_are_on_time() -> None:
    """Before the page is hidden, after it, and if it never is."""
    page = Page(phase=0.0)
    assert page.wake(17.3) == 17.3
    page.turn(PageState.HIDDEN, 20.0, 30.0)
    assert (page.wake(19.9), page.wake(30.0), page.wake(31.7)) == (19.9, 30.0, 31.7)


def test_a_hidden_page_wakes_on_whole_seconds_then_on_whole_minutes() -> None:
    """As Chromium 156 did with tests/clients/browser.py: the minute begins though the timer was due before the grace was over."""
    page = Page(phase=0.0, grace=8.0)
    page.turn(PageState.HIDDEN, 2682.689, 2822.5)
    due = (2684.65, 2686.65, 2688.65, 2690.65, 2702.65, 2762.65, 2822.0)
    assert [page.wake(at) for at in due] == [2685.0, 2687.0, 2689.0, 2700.0, 2760.0, 2820.0, 2822.5]


def test_an_interval_of_a_minute_or_more_is_only_moved_to_the_next_second() -> None:
    """The last wake-up was a minute ago whenever the timer is due."""
    page = Page(phase=0.0)
    page.turn(PageState.HIDDEN, 0.0, 10_000.0)
    assert [page.wake(at) for at in (310.5, 400.5, 490.5)] == [311.0, 401.0, 491.0]


def test_a_device_that_sleeps_fires_its_timers_at_waking() -> None:
    """Whatever is overdue, at once."""
    page = Page(phase=7.0)
    page.turn(PageState.ASLEEP, 100.0, 500.0)
    assert (page.wake(99.0), page.wake(120.0), page.wake(480.0), page.wake(500.0)) == (99.0, 500.0, 500.0, 500.0)


@given(
    interval=st.floats(0.5, 300.0),
    phase=st.floats(0.0, 60.0),
    hidden=st.floats(0.0, 700.0),
    stays=st.floats(1.0, 2000.0),
    grace=st.floats(0.0, 400.0),
)
def test_no_gap_is_longer_than_the_longest(
    interval: float, phase: float, hidden: float, stays: float, grace: float
) -> None:
    """Whenever the page is hidden, for however long: the times are in order, none is before its due time, and no two that follow
    each other are further apart than `longest_gap`.
    """
    policy = {"when": "always", "every": interval}
    page = Page(phase, grace)
    page.turn(PageState.HIDDEN, hidden, hidden + stays)
    times = [0.0, *_keep_alives(profile(session_length=3000, turns={"thinking": 5000}, keep_alive=policy), page)]
    assert all(0 < after - before <= longest_gap(interval) + 1e-6 for before, after in pairwise(times))


def _keep_alives(silent: Profile, page: Page) -> list[float]:
    someone = Person(silent, Draw.of(1), iter(range(1, 9)).__next__)
    someone.page = page
    driver = Driver()
    driver.run(visit(someone, 0.0), until=2900)
    return driver.times("keep_alive")


def _survives(idle_timeout: float, every: float, state: str, seconds: float) -> bool:
    """Whether a session outlives a quiet period of so many seconds, against the API's own rules."""
    away = profile(
        idle_timeout=idle_timeout,
        session_length=seconds + 15,
        turns={"thinking": 10, "wait_for_answer": False},
        quiet={"chance": 1, "length": seconds},
        keep_alive={"when": "always", "every": every},
        page={state: 1.0} if state else {},
    )
    rules = Rules(Terms(), lambda: "the-id")
    driver = Driver(lambda call, now: _by_rules(rules, call, now))
    driver.run(visit(person(away), 0.0), until=seconds + 12)
    rules.advance(seconds + 12)
    return bool(rules.open)


def _by_rules(rules: Rules, call: Call, now: float) -> Answer:
    is_new = call.operation is Operation.NEW
    reply = rules.new(now, call.session.idle_timeout) if is_new else rules.touch(now, "the-id")
    if reply.code != 100:
        return Answer(Outcome.FAIL, Reason.CLOSED, now, now, reply.status, reply.code)
    return Answer(Outcome.OK, Reason.NONE, now, now, 200, 100, session_id="the-id")


@pytest.mark.parametrize(
    ("idle_timeout", "every", "visible", "four_minutes", "ten_minutes"),
    [
        (30, 15, True, True, False),
        (30, 20, True, True, False),
        (60, 20, True, True, False),
        (60, 60, False, False, False),
        (61, 20, True, True, True),
        (120, 60, True, True, True),
        (120, 20, True, True, True),
    ],
)
def test_what_a_hidden_tab_does_to_idle_timeouts(
    idle_timeout: float, every: float, visible: bool, four_minutes: bool, ten_minutes: bool
) -> None:
    """A keep-alive each 20 s holds 30 s in the foreground and in the first minutes, and loses it after five minutes hidden."""
    assert _survives(idle_timeout, every, "", 600) is visible
    assert _survives(idle_timeout, every, "hidden", 240) is four_minutes
    assert _survives(idle_timeout, every, "hidden", 600) is ten_minutes


@pytest.mark.parametrize(("idle_timeout", "survives"), [(30, False), (120, False), (300, False), (900, True)])
def test_what_sleep_does_to_idle_timeouts(idle_timeout: float, survives: bool) -> None:
    """Ten minutes without timers: no interval helps, only a timeout that is longer."""
    assert _survives(idle_timeout, 20, "asleep", 600) is survives


def test_a_page_that_is_exempt_is_never_throttled_to_a_minute() -> None:
    """A page with a WebRTC connection: an `intensive_after` that is longer than any quiet period."""
    page = Page(0.0, PageOptions(hidden=1.0, intensive_after=1e9).intensive_after)
    page.turn(PageState.HIDDEN, 0.0, 10_000.0)
    assert page.wake(5000.2) == 5001.0
