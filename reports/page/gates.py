"""The gates as lines of a page: what was measured, how far from the bound, and why a gate is inconclusive."""

from __future__ import annotations

from typing import Any

from loadtests.model.gates.gates import Gate
from loadtests.model.text.wording import percent
from reports.summary import Analysis
from reports.verdict.verdict import GateResult, show

MOST_OPEN = 4
"""Gates that did not pass and are seen at once: more would push the chart out of the first screen."""


def gate_lines(analysis: Analysis) -> list[dict[str, Any]]:
    """Each gate with its place in summary.json (`path`), its result and its distance from the bound as text."""
    scenario = analysis.log.manifest.scenario
    pairs = zip(scenario.gates if scenario else (), analysis.verdict.gates, strict=False)
    return [
        {"path": f"gates/{number}", "result": judged.result, "distance": describe_distance(gate, judged)}
        for number, (gate, judged) in enumerate(pairs)
    ]


def describe_distance(gate: Gate, judged: GateResult) -> str:
    """How far a value is from the gate's bound: "820 ms below the bound"; "" where that says nothing."""
    if judged.distance is None or gate.figure.startswith("finding."):
        return ""
    if not judged.distance:
        return "" if gate.holds(gate.bound) else "equal to the bound"
    far = f"{percent(abs(judged.distance))} an hour" if gate.is_drift else show(gate.figure, abs(judged.distance))
    return f"{far} {'above' if judged.distance > 0 else 'below'} the bound"
