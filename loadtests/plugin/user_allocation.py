"""Which worker has which user: numbers that stay with the run, whatever workers come and go."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import count

Wanted = Mapping[str, Mapping[str, int]]
"""By worker, how many users of each class."""
Numbers = dict[str, dict[str, list[int]]]
"""By worker, the numbers of its users of each class, where they have changed."""


class UserAllocation:
    """Gives the lowest free numbers to whoever has to have more users, and takes the highest back."""

    def __init__(self) -> None:
        self._has: dict[str, dict[str, set[int]]] = {}

    def follow(self, wanted: Wanted) -> Numbers:
        """Bring everybody to `wanted`; what has changed. A worker that is not named any more has lost its users."""
        for worker in self._has.keys() - wanted.keys():
            del self._has[worker]
        changed: Numbers = {}
        for name in {name: None for users in wanted.values() for name in users}:
            for worker in self._shrink(name, wanted) + self._grow(name, wanted):
                changed.setdefault(worker, {})[name] = sorted(self._has[worker][name])
        return changed

    def _shrink(self, name: str, wanted: Wanted) -> list[str]:
        shrunk = []
        for worker, users in wanted.items():
            has = self._has.setdefault(worker, {}).setdefault(name, set())
            if len(has) > users.get(name, 0):
                shrunk.append(worker)
                has.intersection_update(sorted(has)[: users.get(name, 0)])
        return shrunk

    def _grow(self, name: str, wanted: Wanted) -> list[str]:
        missing = {worker: users.get(name, 0) - len(self._has[worker][name]) for worker, users in wanted.items()}
        grown = [worker for worker, users in missing.items() if users > 0]
        taken = {number for users in self._has.values() for number in users.get(name, ())}
        free = (number for number in count() if number not in taken)
        # In turn, so that early numbers are not all one worker's.
        while short := [worker for worker, users in missing.items() if users > 0]:
            for worker in short:
                self._has[worker][name].add(next(free))
                missing[worker] -= 1
        return grown
