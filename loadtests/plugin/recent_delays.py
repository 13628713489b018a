"""How late the load generator was since the last line of progress."""

from __future__ import annotations

from collections.abc import Sequence

from loadtests.run.snapshot import LATENESS_BOUNDS, ProcessSnapshot

_SHARE = 0.99


class RecentDelays:
    """Delays of all processes together since `begin_again`. A second's own p99 is no more than the latest of a few requests, so
    requests are counted over the whole time.
    """

    def __init__(self) -> None:
        self.loop = 0.0
        """The longest delay of an engine's loop, in seconds."""
        self._counts: list[int] = []
        self._before: list[int] = []

    def add(self, snapshots: Sequence[ProcessSnapshot]) -> None:
        """Includes one second of each process."""
        counts = [snapshot.lateness for snapshot in snapshots if snapshot.lateness]
        self._counts = [sum(of_bound) for of_bound in zip(*counts, strict=True)]
        self.loop = max([self.loop, *(snapshot.worst_delay for snapshot in snapshots)])

    def begin_again(self) -> None:
        """Forgets what was added."""
        self._before, self.loop = self._counts, 0.0

    @property
    def lateness(self) -> str:
        """The bound that 99 % of the requests keep; "–" if there were none."""
        before = self._before or [0] * len(self._counts)
        late = [now - then for now, then in zip(self._counts, before, strict=True)]
        if not late or late[-1] <= 0:
            return "–"
        bounds = zip(LATENESS_BOUNDS, late, strict=False)
        bound = next((bound for bound, number in bounds if number >= _SHARE * late[-1]), None)
        return f"over {LATENESS_BOUNDS[-1]:g} s" if bound is None else f"up to {bound * 1000:g} ms"
