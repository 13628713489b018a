"""The scenario's gates while a run goes on: by its counts each second, and by each report of the run so far. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

from loadtests.model.gates.counts import Counts
from loadtests.model.gates.figure import GROWING, WHOLE, in_words
from loadtests.model.gates.gates import Gate
from loadtests.model.text.wording import change

_AT_THE_END = "known at the end of the run"


class GateStatus(msgspec.Struct):
    """One gate so far."""

    gate: str
    result: str = "open"
    """`open`: not known yet; `holds` or `fails` so far; `unknown`: the last report could not tell."""
    shown: str = ""
    """Its figure, or why there is none."""
    until: float | None = None
    """The second of the run up to which that is known."""


class GateStatuses:
    """The statuses of a run's `gates`, in their order."""

    def __init__(self, gates: Sequence[Gate]) -> None:
        self._counted = [gate for gate in gates if _is_counted(gate)]
        self._reported = {gate.text: gate for gate in gates if not _is_counted(gate) and gate.figure not in WHOLE}
        self._by_text = {
            gate.text: GateStatus(gate.text, shown=_AT_THE_END if gate.figure in WHOLE else "") for gate in gates
        }

    @property
    def all(self) -> list[GateStatus]:
        """All of them."""
        return list(self._by_text.values())

    def count(self, counts: Counts, now: float) -> None:
        """Updates those whose figure is counted, with the `counts` of the run at second `now`."""
        for gate in self._counted:
            value = counts.of(gate.figure)
            result = "holds" if gate.holds(value) else "fails"
            self._by_text[gate.text] = GateStatus(gate.text, result, _shown(gate, value), now)

    def report(self, judged: Iterable[Mapping[str, Any]], until: float) -> None:
        """Updates the others from the gates in a report's summary.json, which covers the run up to second `until`.

        By the figures: that the run has not ended makes the report's own result unknown.
        """
        for found in judged:
            if gate := self._reported.get(str(found.get("gate"))):
                self._by_text[gate.text] = _so_far(gate, found, until)

    @property
    def failed(self) -> list[GateStatus]:
        """Those that cannot pass any more: a count only grows."""
        statuses = [self._by_text[gate.text] for gate in self._counted]
        return [status for status in statuses if status.result == "fails"]


def _is_counted(gate: Gate) -> bool:
    """Whether the gate's figure is counted during the run, and the gate cannot pass again once it fails."""
    return gate.figure in GROWING and gate.window is None and not gate.is_drift and gate.is_upper


def _so_far(gate: Gate, found: Mapping[str, Any], until: float) -> GateStatus:
    value, interval = found.get("value"), found.get("interval")
    if value is None:
        return GateStatus(gate.text, "unknown", str(found.get("shown", "")), until)
    if interval and not gate.agrees(*interval):
        return GateStatus(gate.text, "unknown", f"{_shown(gate, value)}, not certain enough", until)
    return GateStatus(gate.text, "holds" if gate.holds(value) else "fails", _shown(gate, value), until)


def _shown(gate: Gate, value: float) -> str:
    if gate.is_drift:
        return f"{change(value)} an hour"
    return in_words(gate.figure, value)
