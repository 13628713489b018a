"""Which worker has which user: numbers are the run's, whatever workers come and go."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from loadtests.plugin.users.user_allocation import UserAllocation

WORKERS = ["one", "two", "three", "four"]
CLASSES = ["Reading", "Leaky"]
WANTED = st.dictionaries(
    st.sampled_from(WORKERS), st.fixed_dictionaries({name: st.integers(0, 6) for name in CLASSES}), max_size=4
)
"""What Locust's dispatcher may ask for at one step; a worker that is missing is lost, or has gone."""


def test_users_are_dealt_in_turn() -> None:
    """Early numbers are not all one worker's: the first users of a run come from all of them."""
    dealt = UserAllocation().follow({"one": {"Reading": 3}, "two": {"Reading": 2}})
    assert dealt == {"one": {"Reading": [0, 2, 4]}, "two": {"Reading": [1, 3]}}


def test_only_what_has_changed_is_told() -> None:
    """A step that leaves a worker as it is tells it nothing."""
    allocation = UserAllocation()
    allocation.follow({"one": {"Reading": 1}, "two": {"Reading": 1}})
    assert allocation.follow({"one": {"Reading": 1}, "two": {"Reading": 2}}) == {"two": {"Reading": [1, 2]}}
    assert allocation.follow({"one": {"Reading": 1}, "two": {"Reading": 2}}) == {}


def test_a_lost_workers_numbers_go_to_others() -> None:
    """Whoever takes its users over takes their numbers, and with them their randomness."""
    allocation = UserAllocation()
    allocation.follow({"one": {"Reading": 2}, "two": {"Reading": 2}})
    assert allocation.follow({"two": {"Reading": 4}}) == {"two": {"Reading": [0, 1, 2, 3]}}


def test_the_highest_numbers_go_first() -> None:
    """Fewer users are the first of more users: a smaller run is the beginning of a larger one."""
    allocation = UserAllocation()
    allocation.follow({"one": {"Reading": 4}})
    assert allocation.follow({"one": {"Reading": 2}}) == {"one": {"Reading": [0, 1]}}


@given(steps=st.lists(WANTED, max_size=12))
def test_each_number_has_one_worker_and_each_worker_its_users(steps: list[dict[str, dict[str, int]]]) -> None:
    """After any sequence of steps: as many numbers as users wanted, none given twice, new ones the lowest that are free."""
    allocation = UserAllocation()
    told: dict[str, dict[str, list[int]]] = {}
    for wanted in steps:
        before = {name: _numbers(told, name) for name in CLASSES}
        told = {worker: told.get(worker, {}) for worker in wanted}
        for worker, users in allocation.follow(wanted).items():
            told[worker] = told[worker] | users
        for name in CLASSES:
            numbers = _numbers(told, name)
            assert len(numbers) == len(set(numbers)) == sum(users[name] for users in wanted.values())
            new = set(numbers) - set(before[name])
            assert all(lower in numbers for number in new for lower in range(number))
        for worker, users in wanted.items():
            assert {name: len(told[worker].get(name, [])) for name in CLASSES} == users


def _numbers(told: dict[str, dict[str, list[int]]], name: str) -> list[int]:
    return [number for users in told.values() for number in users.get(name, [])]
