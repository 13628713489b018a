"""The scenario's gates while a run goes on: by its counts each second, and by each report of the run so far. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

from loadtests.model.gates.counts import Counts
from loadtests.model.gates.figure import FIGURES, GROWING, Unit
from loadtests.model.gates.gates import Gate
from loadtests.model.text.units import format_duration

_REPORTED = {"pass": "holds", "fail": "fails", "unknown": "unknown"}


class GateStatus(msgspec.Struct):
    """One gate so far."""

    gate: str
    result: str = "open"
    """`open`: not known yet; `holds` or `fails` so far; `unknown`: the last report could not tell."""
    shown: str = ""
    """Its figure."""
    until: float | None = None
    """The second of the run up to which that is known."""


class GateStatuses:
    """The statuses of a run's `gates`, in their order."""

    def __init__(self, gates: Sequence[Gate]) -> None:
        self._counted = [gate for gate in gates if _is_counted(gate)]
        self._by_text = {gate.text: GateStatus(gate.text) for gate in gates}

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
        """Updates the others from the gates in a report's summary.json, which covers the run up to second `until`."""
        counted = {gate.text for gate in self._counted}
        for gate in judged:
            text = str(gate.get("gate"))
            if text in self._by_text and text not in counted:
                result = _REPORTED.get(str(gate.get("result")), "unknown")
                self._by_text[text] = GateStatus(text, result, str(gate.get("shown", "")), until)

    @property
    def failed(self) -> list[GateStatus]:
        """Those that fail so far."""
        return [status for status in self._by_text.values() if status.result == "fails"]


def _is_counted(gate: Gate) -> bool:
    """Whether the gate's figure is counted during the run, and the gate cannot pass again once it fails."""
    return gate.figure in GROWING and gate.window is None and not gate.is_drift and gate.is_upper


def _shown(gate: Gate, value: float) -> str:
    return format_duration(value) if FIGURES[gate.figure] is Unit.SECONDS else f"{value:g}"
