"""Assigns run-wide user numbers to workers, as workers join and leave."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import count

Wanted = Mapping[str, Mapping[str, int]]
"""Number of users by worker and class."""
Numbers = dict[str, dict[str, list[int]]]
"""User numbers by worker and class."""


class UserAllocation:
    """Gives the lowest free numbers to workers that need more users, and takes the highest back."""

    def __init__(self) -> None:
        self._assigned: dict[str, dict[str, set[int]]] = {}

    def follow(self, wanted: Wanted) -> Numbers:
        """Applies `wanted` and returns what has changed. A worker that `wanted` does not name loses its users."""
        for worker in self._assigned.keys() - wanted.keys():
            del self._assigned[worker]
        changed: Numbers = {}
        for name in {name: None for users in wanted.values() for name in users}:
            for worker in self._shrink(name, wanted) + self._grow(name, wanted):
                changed.setdefault(worker, {})[name] = sorted(self._assigned[worker][name])
        return changed

    def _shrink(self, name: str, wanted: Wanted) -> list[str]:
        shrunk = []
        for worker, users in wanted.items():
            assigned = self._assigned.setdefault(worker, {}).setdefault(name, set())
            if len(assigned) > users.get(name, 0):
                shrunk.append(worker)
                assigned.intersection_update(sorted(assigned)[: users.get(name, 0)])
        return shrunk

    def _grow(self, name: str, wanted: Wanted) -> list[str]:
        missing = {worker: users.get(name, 0) - len(self._assigned[worker][name]) for worker, users in wanted.items()}
        grown = [worker for worker, users in missing.items() if users > 0]
        taken = {number for users in self._assigned.values() for number in users.get(name, ())}
        free = (number for number in count() if number not in taken)
        # In turn, so that the low numbers are spread over the workers.
        while short := [worker for worker, users in missing.items() if users > 0]:
            for worker in short:
                self._assigned[worker][name].add(next(free))
                missing[worker] -= 1
        return grown
