"""Which keep-alives count as throttled, and above all which do not."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import accumulate, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadtests.model.people.draw import Draw
from loadtests.model.people.page import Page, PageState
from loadtests.model.session.behaviour import visit
from loadtests.model.session.person import Person
from reports.analysis.throttling import Beat, Throttling, throttling

from .drive import Driver, profile


def _beats(*gaps: float, took: float = 0.05, kind: str = "keep_alive") -> list[Beat]:
    return [Beat(kind, at, at + took, True) for at in accumulate(gaps)]


def _found(*gaps: float, took: float = 0.05) -> bool:
    return throttling(1, _beats(*gaps, took=took)) is not None


def test_a_regular_interval_that_becomes_a_minute_is_throttled() -> None:
    """With its interval, how often it was a minute, and from when to when."""
    gaps = (20, 20, 20, 20, 37, 60, 60, 60, 20, 20)
    assert throttling(7, _beats(*gaps)) == Throttling(7, 20.0, 3, 117.0, 297.0)


@pytest.mark.parametrize(
    "gaps",
    [
        (20, 20, 20, 20, 60, 60),
        (20, 20, 20, 20, 58.2, 61.9),
        (5, 5.9, 5.1, 6, 30, 60, 60),
        (19, 22, 18, 21, 44, 60, 60, 60),
        (45, 45, 45, 45, 60, 60, 60),
        (20, 20, 20, 20, 600, 20, 20, 20, 20, 60, 60),
    ],
    ids=["at-once", "slow-network", "whole-seconds", "jitter", "long-interval", "slept-before"],
)
def test_what_is_throttled(gaps: tuple[float, ...]) -> None:
    """Several intervals, with and without the gap in which the page was hidden."""
    assert _found(*gaps)


@pytest.mark.parametrize(
    "gaps",
    [
        (60, 60, 60, 60, 60, 60),
        (57, 57, 57, 57, 60, 60, 60),
        (20, 20, 20, 20, 60, 20, 20, 20),
        (20, 20, 20, 20, 600, 20, 20),
        (20, 20, 20, 20, 60, 35, 60, 20),
        (20, 41, 7, 60, 60, 13, 60),
        (60, 60, 60, 20, 20, 20, 20),
        (20, 20, 20, 20, 300, 300, 300),
        (20, 20, 20, 20, 75, 90, 130),
        (20, 20, 20, 20, 40, 40, 40),
        (20, 20, 60, 60),
        (20, 20, 20, 20),
        (20,),
        (),
    ],
    ids=[
        "a-minute-anyway",
        "nearly-a-minute-anyway",
        "one-pause",
        "one-long-pause",
        "two-single-pauses",
        "irregular",
        "from-a-minute-to-less",
        "five-minutes-on-purpose",
        "back-off",
        "not-a-minute",
        "too-short-to-be-regular",
        "left",
        "one",
        "none",
    ],
)
def test_what_is_not_throttled(gaps: tuple[float, ...]) -> None:
    """Clients whose interval is a minute anyway, irregular ones, single pauses, and those who left."""
    assert not _found(*gaps)


def test_waiting_for_answers_is_not_throttling() -> None:
    """A client that waits a minute for each answer sends once a minute, too."""
    beats = _beats(20, 20, 20, 20)
    slow = [Beat("keep_alive", at, at + 40.0, True) for at in (140.0, 200.0, 260.0)]
    assert throttling(1, [*beats, *slow]) is None
    hung = [Beat("keep_alive", at, at, False) for at in (140.0, 200.0, 260.0)]
    assert throttling(1, [*beats, *hung]) is None


def test_a_person_who_does_something_is_at_the_page() -> None:
    """Keep-alives are a minute apart, but tasks come between them."""
    busy = [*_beats(20, 20, 20, 20, 60, 60, 60), *_beats(90, 60, 60, kind="task")]
    assert throttling(1, sorted(busy, key=lambda beat: beat.due)) is None


@given(st.lists(st.floats(0.5, 57.5), max_size=30))
def test_gaps_below_a_minute_are_never_throttled(gaps: Iterable[float]) -> None:
    """Whatever their order."""
    assert not _found(*gaps)


@given(
    interval=st.floats(1.0, 50.0),
    phase=st.floats(0.0, 60.0),
    hidden=st.floats(0.0, 100.0),
    stays=st.floats(0.0, 1500.0),
)
def test_the_models_hidden_pages_are_found(interval: float, phase: float, hidden: float, stays: float) -> None:
    """A page that is hidden for nine minutes is found; one that is hidden for less than five is not."""
    page = Page(phase)
    page.turn(PageState.HIDDEN, hidden, hidden + stays)
    someone = Person(
        profile(session_length=2000, turns={"thinking": 5000}, keep_alive={"when": "always", "every": interval}),
        Draw.of(1),
        iter(range(1, 9)).__next__,
    )
    someone.page = page
    driver = Driver()
    driver.run(visit(someone, 0.0), until=1900)
    is_found = _found(*(after - before for before, after in pairwise([0.0, *driver.times("keep_alive")])))
    if stays <= 300:
        assert not is_found
    elif stays >= 540 and hidden + 300 > 5 * interval:
        assert is_found
