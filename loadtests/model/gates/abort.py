"""The judge of a run that goes on: has a gate with `abort` failed for good?

Pure: it is told the counts of the whole run once in a while, with the time. It ends no run that its gates could still let pass:
what it looks at never falls again, and of a window that begins later it takes off all that may have happened before.
"""

from __future__ import annotations

from collections.abc import Iterable

from loadtests.model.gates.counts import Counts
from loadtests.model.gates.gates import Gate


class Abort:
    """Of one run."""

    def __init__(self, gates: Iterable[Gate]) -> None:
        self._gates = [gate for gate in gates if gate.abort_after is not None]
        self._before: dict[str, float] = {}
        """By the gate's text, its figure when its window had just begun."""

    def broken(self, now: float, counts: Counts) -> Gate | None:
        """The first gate that has failed for good by second `now` of the run, given its `counts` then; None: none has."""
        return next((gate for gate in self._gates if self._has_failed(gate, now, counts)), None)

    def _has_failed(self, gate: Gate, now: float, counts: Counts) -> bool:
        value, begins = counts.of(gate.figure), gate.window.seconds if gate.window else 0.0
        if now < begins:
            return False
        before = self._before.setdefault(gate.text, value if begins else 0.0)
        since = value - before
        if gate.figure == _LONGEST:
            # The longest of all is of the window only if it has grown since.
            since = value if since > 0 else 0.0
        assert gate.abort_after is not None
        return now >= gate.abort_after and since >= gate.bound and not gate.holds(since)


_LONGEST = "generator.longest_stall"
