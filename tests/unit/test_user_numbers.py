"""Which numbers a process's users have."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from loadtests.run.user_numbers import UserNumbers


def test_alone_the_lowest_free_number_is_taken() -> None:
    """A user that comes after one has gone takes its number: the same people, however often users are changed."""
    numbers = UserNumbers()
    assert [numbers.acquire("reading") for _ in range(3)] == [0, 1, 2]
    assert numbers.release("reading", 1) == 1
    assert numbers.acquire("reading") == 1
    assert numbers.acquire("leaky") == 0


def test_a_worker_takes_what_it_was_given() -> None:
    """And, for a user that the master gave no number yet, one that no other worker can have."""
    numbers = UserNumbers(worker=2)
    numbers.assign({"reading": [3, 5]})
    taken = [numbers.acquire("reading") for _ in range(3)]
    assert taken[:2] == [3, 5]
    assert taken[2] >= 2_000_000


def test_the_number_that_is_not_wanted_any_more_is_the_one_that_ends() -> None:
    """Locust stops any user of a class: the stream that ends is the one that the master took back."""
    numbers = UserNumbers(worker=1)
    numbers.assign({"reading": [0, 1, 2]})
    for _ in range(3):
        numbers.acquire("reading")
    numbers.assign({"reading": [0, 2]})
    assert numbers.release("reading", 0) == 1


def test_an_assignment_names_the_profiles_that_it_changes() -> None:
    """What it does not name stays as it was."""
    numbers = UserNumbers(worker=1)
    numbers.assign({"reading": [4]})
    numbers.assign({"leaky": [7]})
    assert (numbers.acquire("reading"), numbers.acquire("leaky")) == (4, 7)


@given(
    first=st.sets(st.integers(0, 9)),
    then=st.sets(st.integers(0, 9)),
    late=st.booleans(),
)
def test_in_the_end_a_worker_has_what_was_assigned(first: set[int], then: set[int], late: bool) -> None:
    """Whether Locust changes its users before or after the master has said which: the numbers come to be those wanted."""
    numbers = UserNumbers(worker=1)
    numbers.assign({"reading": first})
    has = {numbers.acquire("reading") for _ in first}
    assert has == first
    if not late:
        numbers.assign({"reading": then})
    for number in sorted(first)[: max(0, len(first) - len(then))]:
        has.discard(numbers.release("reading", number))
    if late:
        numbers.assign({"reading": then})
    has |= {numbers.acquire("reading") for _ in range(len(then) - len(has))}
    assert len(has) == len(then)
    if not late and then < first:
        assert has == then
    if not late and first < then:
        assert has == then
