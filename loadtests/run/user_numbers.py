"""Which numbers a process's users have: each stream of arrivals, or person, has one in the run, and its randomness by it.

A process that is alone takes the lowest that is free. A worker is told by the master which are its own, so that the people of
a run are the same however many workers there are. Locust stops any user of a class; the one whose number is not wanted
any more is the one that goes.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from itertools import count

_STOPGAP = 1_000_000
"""From here on, for each worker: a user that Locust spawned and the master gave no number yet."""


class UserNumbers:
    """One process's users by their profile."""

    def __init__(self, worker: int = 0) -> None:
        self._stopgap = worker * _STOPGAP
        self._wanted: dict[str, set[int]] | None = {} if worker else None
        self._taken: dict[str, set[int]] = defaultdict(set)

    def assign(self, wanted: Mapping[str, Iterable[int]]) -> None:
        """The master says which numbers are this process's, for each profile that it names."""
        self._wanted = (self._wanted or {}) | {profile: set(numbers) for profile, numbers in wanted.items()}

    def acquire(self, profile: str) -> int:
        """One more user: its number."""
        taken = self._taken[profile]
        candidates = count() if self._wanted is None else sorted(self._wanted.get(profile, ()))
        number = next((free for free in candidates if free not in taken), None)
        if number is None:
            number = next(free for free in count(self._stopgap) if free not in taken)
        taken.add(number)
        return number

    def release(self, profile: str, number: int) -> int:
        """The user that took `number` is gone: the number that ends, which may be another's."""
        taken = self._taken[profile]
        surplus = taken - self._wanted.get(profile, set()) if self._wanted is not None else set()
        ends = max(surplus, default=number)
        taken.discard(ends)
        return ends
