"""Decides during a run whether a gate with `abort` has failed and cannot pass any more.

Pure: the caller passes the counts of the whole run, with the time. The figures only grow. For a window that begins later,
everything counted before it is subtracted.
"""

from __future__ import annotations

from collections.abc import Iterable

from loadtests.model.gates.counts import Counts
from loadtests.model.gates.gates import Gate


class Abort:
    """The abort gates of one run."""

    def __init__(self, gates: Iterable[Gate]) -> None:
        self._gates = [gate for gate in gates if gate.abort_after is not None]
        self._before: dict[str, float] = {}
        """The figure at the beginning of the gate's window, by the gate's text."""

    def broken(self, now: float, counts: Counts) -> Gate | None:
        """Returns the first gate that has failed by second `now` of the run, given the `counts` then; None: none has."""
        return next((gate for gate in self._gates if self._has_failed(gate, now, counts)), None)

    def _has_failed(self, gate: Gate, now: float, counts: Counts) -> bool:
        value, begins = counts.of(gate.figure), gate.window.seconds if gate.window else 0.0
        if now < begins:
            return False
        before = self._before.setdefault(gate.text, value if begins else 0.0)
        since = value - before
        if gate.figure == _LONGEST:
            # The longest stall lies in the window only if it has grown since.
            since = value if since > 0 else 0.0
        assert gate.abort_after is not None
        return now >= gate.abort_after and since >= gate.bound and not gate.holds(since)


_LONGEST = "generator.longest_stall"
