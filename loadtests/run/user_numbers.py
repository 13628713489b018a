"""Gives each Locust user a run-wide number, which seeds its randomness.

A process without workers assigns the lowest free number. The master assigns numbers to its workers, so that a run has the same
users for any number of workers. Locust chooses which user of a class to stop; the number that ends is one that is no longer
assigned.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from itertools import count

_TEMPORARY = 1_000_000
"""Numbers from here on (times the worker's number) are for users that Locust spawned before the master assigned a number."""


class UserNumbers:
    """The numbers of one process's users, by profile."""

    def __init__(self, worker: int = 0) -> None:
        self._temporary = worker * _TEMPORARY
        self._assigned: dict[str, set[int]] | None = {} if worker else None
        self._taken: dict[str, set[int]] = defaultdict(set)

    def assign(self, numbers: Mapping[str, Iterable[int]]) -> None:
        """Sets this process's numbers for each profile in `numbers`, as the master assigned them."""
        self._assigned = (self._assigned or {}) | {profile: set(own) for profile, own in numbers.items()}

    def acquire(self, profile: str) -> int:
        """Returns the number of a new user."""
        taken = self._taken[profile]
        candidates = count() if self._assigned is None else sorted(self._assigned.get(profile, ()))
        number = next((free for free in candidates if free not in taken), None)
        if number is None:
            number = next(free for free in count(self._temporary) if free not in taken)
        taken.add(number)
        return number

    def release(self, profile: str, number: int) -> int:
        """Removes a user that acquired `number`, and returns the number that ends, which may be another user's."""
        taken = self._taken[profile]
        surplus = taken - self._assigned.get(profile, set()) if self._assigned is not None else set()
        ends = max(surplus, default=number)
        taken.discard(ends)
        return ends
