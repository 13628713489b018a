"""The replay, person by person in virtual time, and how near it comes to what was measured."""

from __future__ import annotations

from typing import Any

import pytest

from reports.analysis.counterfactual import Attempt, Counterfactual, refused


def _comes(person: int, t: float, holds: float) -> Attempt:
    return Attempt(t, person, True, holds)


def _again(person: int, t: float, holds: float) -> Attempt:
    return Attempt(t, person, False, holds)


def test_whoever_finds_the_account_full_is_refused() -> None:
    """Limit 1: the second comes while the first holds the slot, the third when it is free again."""
    assert refused([_comes(1, 0.0, 10.0), _comes(2, 5.0, 10.0), _comes(3, 11.0, 1.0)], 1) == {2}


def test_a_slot_is_free_at_the_moment_its_time_is_over() -> None:
    """As the rules have it: a session is closed when its due time is reached."""
    assert refused([_comes(1, 0.0, 10.0), _comes(2, 10.0, 1.0)], 1) == frozenset()


def test_a_tail_that_is_cut_off_lets_the_next_in() -> None:
    """A leak of 30 s after 10 s of use: the same people, with and without its tail."""
    after = [_comes(2, 15.0, 5.0), _comes(3, 35.0, 5.0)]
    assert refused([_comes(1, 0.0, 40.0), *after], 1) == {2, 3}
    assert refused([_comes(1, 0.0, 10.0), *after], 1) == frozenset()


def test_a_person_counts_once_by_the_first_attempt() -> None:
    """Refused at 1 s and at 2 s, let in at 11 s, where the session keeps out the next."""
    attempts = [
        _comes(1, 0.0, 10.0),
        _comes(2, 1.0, 9.0),
        _again(2, 2.0, 9.0),
        _again(2, 11.0, 9.0),
        _comes(3, 12.0, 1),
    ]
    assert refused(attempts, 1) == {2, 3}


def test_who_was_let_in_does_not_ask_again() -> None:
    """With room for it at the first attempt, the retry of the run does not take a second slot."""
    assert refused([_comes(1, 0.0, 10.0), _again(1, 2.0, 10.0), _comes(2, 3.0, 1.0)], 2) == frozenset()


def test_cutting_tails_can_add_hits() -> None:
    """Whoever is let in may keep out two others: this is a loss system, and nothing may assume the contrary."""
    others = [_comes(2, 15.0, 100.0), _comes(3, 50.0, 1.0), _comes(4, 60.0, 1.0)]
    assert refused([_comes(1, 0.0, 40.0), *others], 1) == {2}
    assert refused([_comes(1, 0.0, 10.0), *others], 1) == {3, 4}


def test_a_session_that_never_ends_holds_its_slot() -> None:
    """A holding time may be infinite, or nothing at all."""
    assert refused([_comes(1, 0.0, float("inf")), _comes(2, 1e6, 0.0)], 1) == {2}
    assert refused([_comes(1, 0.0, 0.0), _comes(2, 0.0, 0.0)], 1) == frozenset()


@pytest.mark.parametrize(
    ("measured", "replayed", "same", "agreement", "is_near"),
    [(4, 4, 4, 1.0, True), (0, 0, 0, 1.0, True), (5, 4, 4, 0.8, True), (4, 4, 3, 0.6, False), (1, 0, 0, 0.0, False)],
)
def test_how_near_the_replay_comes(measured: int, replayed: int, same: int, agreement: float, is_near: bool) -> None:
    """The same number of refusals is not enough: they must be the same people."""
    found = Counterfactual(1, measured, replayed, same)
    assert found.agreement == pytest.approx(agreement)
    assert found.is_near is is_near


def test_what_cannot_be_told_is_not_near_nor_far() -> None:
    """Nothing was replayed."""
    said: dict[str, Any] = Counterfactual(None, 3, unknown="the account's limit was not told").as_dict()
    assert (said["first_attempts"], said["agreement"], said["is_near"]) == (None, None, None)
