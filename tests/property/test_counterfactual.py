"""The replay against a naive loss system, and against logs of one: with the leaks as they were it is the run."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import NamedTuple

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from reports.analysis.counterfactual import Attempt, refused
from reports.build import judge_run
from tests.examples import examples
from tests.golden.story import Story

UNEXPLAINED = settings(phases=set(Phase) - {Phase.explain})

_IDLE = 30.5
"""So that no session is due at the moment at which somebody comes."""

_ATTEMPTS = st.lists(
    st.builds(
        Attempt,
        st.floats(0, 50, allow_nan=False),
        st.integers(1, 12),
        st.just(True),
        st.one_of(st.floats(0, 30, allow_nan=False), st.just(float("inf"))),
    ),
    max_size=30,
).map(lambda attempts: _in_order(attempts))


def _in_order(attempts: list[Attempt]) -> list[Attempt]:
    """By time; the first of each person is the one that counts."""
    seen: Counter[int] = Counter()
    ordered = []
    for attempt in sorted(attempts):
        ordered.append(attempt._replace(is_first=not seen[attempt.person]))
        seen[attempt.person] += 1
    return ordered


def _naively_refused(attempts: list[Attempt], limit: int) -> set[int]:
    ends: dict[int, float] = {}
    found = set()
    for t, person, is_first, holds in attempts:
        if person in ends:
            continue
        if sum(end > t for end in ends.values()) < limit:
            ends[person] = t + holds
        elif is_first:
            found.add(person)
    return found


@given(_ATTEMPTS, st.integers(1, 4))
@UNEXPLAINED
def test_the_replay_is_a_loss_system(attempts: list[Attempt], limit: int) -> None:
    """The rules refuse whom a look at each session each time refuses."""
    assert refused(attempts, limit) == _naively_refused(attempts, limit)


@given(_ATTEMPTS, st.integers(1, 4), st.data())
@UNEXPLAINED
def test_where_nobody_is_refused_shorter_sessions_change_nothing(
    attempts: list[Attempt], limit: int, data: st.DataObject
) -> None:
    """The one thing about cutting tails that is always true."""
    alone = [attempt for attempt in attempts if attempt.is_first]
    if not refused(alone, limit):
        cut = [one._replace(holds=data.draw(st.floats(0, min(one.holds, 1e9)))) for one in alone]
        assert refused(cut, limit) == frozenset()


class Guest(NamedTuple):
    """A person of a run."""

    comes: int
    stays: int
    leaks: bool
    retries: int


_GUESTS = st.lists(
    st.builds(Guest, st.integers(1, 60), st.integers(1, 20), st.booleans(), st.integers(0, 2)),
    max_size=10,
    unique_by=lambda guest: guest.comes,
)


def _run(guests: list[Guest], limit: int) -> tuple[Story, set[int]]:
    """The log of these people at an account with `limit`, and whose first attempt was refused."""
    story, ends, turned_away = Story(), [], set()
    tries = [
        (guest.comes + 0.25 * number, person, number)
        for person, guest in enumerate(guests, 1)
        for number in range(guest.retries + 1)
    ]
    served: set[int] = set()
    for t, person, number in sorted(tries):
        guest = guests[person - 1]
        if not number:
            story.note(person, "arrive", t, guest.stays + 0.5, "close")
        if person in served:
            continue
        if sum(end > t for end in ends) >= limit:
            story.refused(person, t)
            turned_away |= {person} if not number else set()
            continue
        served.add(person)
        story.call(person, "new", t, value=_IDLE, detail=f"id-{person}").listed(person, t + 0.1)
        gone = t + guest.stays + 0.5
        story.leaves(person, gone, "abandon" if guest.leaks else "close")
        ends.append(t + _IDLE if guest.leaks else gone)
        if not guest.leaks:
            story.stops(person, gone)
        story.vanishes(person, ends[-1] - 0.2, ends[-1] + 0.2)
    return story.looks(110), turned_away


@given(_GUESTS, st.integers(1, 3))
@settings(max_examples=examples(8), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_replay_with_the_leaks_is_the_run(
    tmp_path_factory: pytest.TempPathFactory, guests: list[Guest], limit: int
) -> None:
    """It refuses the same people; and where nothing leaked, so does the one without."""
    story, turned_away = _run(guests, limit)
    folder: Path = tmp_path_factory.mktemp("replay")
    found = judge_run(story.write(folder / "run", limit=limit)).counterfactual
    assert (found.measured, found.replayed, found.same) == (len(turned_away),) * 3
    if not any(guest.leaks for guest in guests):
        assert found.first_attempts == found.measured
