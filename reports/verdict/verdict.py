"""Computes the verdict from the gates and the health of the load generator.

fail if a gate fails that nothing taints; else unknown if a gate or the generator is unknown, or the run was ended before its
time; else pass. Nothing measured is unknown, which a person reads as "Inconclusive".
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from loadtests.model.gates.figure import FIGURES, Unit, in_words
from loadtests.model.gates.gates import Gate
from loadtests.model.gates.window import Span
from loadtests.model.maths.reported_percentiles import least_values
from loadtests.model.text.wording import change, count, during, of_total, verb
from reports.verdict.measurement import Measurement

Result = Literal["pass", "fail", "unknown"]


@dataclass(frozen=True)
class GateResult:
    """A gate with its result."""

    gate: str
    result: Result
    value: float | None
    """In the figure's unit, of a drift a share an hour; None: not measured."""
    shown: str
    span: Span | None = None
    """The part of the run that decided it, in seconds; None: the whole run."""
    interval: tuple[float, float] | None = None
    """Bounds of the value, for a drift those of its 95 % interval; None: the value is exact."""
    distance: float | None = None
    """The value less the gate's bound, in the figure's unit; None: not measured."""


@dataclass(frozen=True)
class Verdict:
    """Whether a run passed, and why."""

    result: Result
    sentence: str
    """Begins with the result as a word: "Passed: …", "Failed: …", "Inconclusive: …"."""
    gates: list[GateResult]

    @property
    def word(self) -> str:
        """The result as a person reads it."""
        return self.sentence.partition(": ")[0]

    @property
    def reason(self) -> str:
        """The sentence without that word."""
        return self.sentence.partition(": ")[2]


def judge(
    gates: Sequence[Gate],
    read: Callable[[Gate], Sequence[Measurement]],
    figures: Mapping[str, Any],
    doubts: Sequence[str],
    shortfalls: Sequence[str] = (),
    least_samples: int | None = None,
) -> Verdict:
    """Return the verdict on a run of these `figures` (summary.json's shape).

    `doubts`: why the load generator cannot be trusted; `shortfalls`: what the run was to do and did not. Such a run can fail, but
    not pass. `least_samples`: the scenario's own, from which on a gate on a percentile may pass.
    """
    judged = [_judge_gate(gate, read(gate), doubts, least_samples) for gate in gates]
    failed = [gate for gate in judged if gate.result == "fail"]
    unknown = [gate for gate in judged if gate.result == "unknown"]
    confirmed = figures["sessions"]["opened"] - figures["sessions"]["lost_answers"]
    if not confirmed and not (failed and figures["concurrency_hits"]["count"]):
        opened = "was opened" if not figures["sessions"]["opened"] else "was confirmed by an answer"
        why = "; ".join([f"no session {opened}, so nothing was measured", *doubts, *shortfalls])
        return Verdict("unknown", f"Inconclusive: {why}.", judged)
    if failed:
        reasons = "; ".join(f"{gate.gate} (was {gate.shown})" for gate in failed)
        return Verdict("fail", f"Failed: {reasons}.", judged)
    if unsure := [*doubts, *shortfalls]:
        return Verdict("unknown", f"Inconclusive: {'; '.join(unsure)}.", judged)
    if unknown:
        reasons = "; ".join(f"{gate.gate} ({gate.shown})" for gate in unknown)
        return Verdict("unknown", f"Inconclusive: {reasons}.", judged)
    if judged:
        holding = f"{of_total(len(judged), len(judged), 'gate')} {verb(len(judged), 'holds', 'hold')}"
        return Verdict("pass", f"Passed: {holding}.", judged)
    return Verdict("pass", f"Passed: the load generator was on time; the run has no gates{_refused(figures)}.", judged)


def _refused(figures: Mapping[str, Any]) -> str:
    """What a run without gates would otherwise pass over."""
    hits = figures["concurrency_hits"]["count"]
    return f", and {count(hits, 'attempt')} {verb(hits, 'was', 'were')} refused for the limit" if hits else ""


def with_problems(verdict: Verdict, problems: Sequence[str]) -> Verdict:
    """Returns the verdict with the names of the problems found in its sentence."""
    if not problems:
        return verdict
    return replace(verdict, sentence=f"{verdict.sentence.rstrip('.')}; {_list(problems)}.")


def failed_by(verdict: Verdict, problems: Sequence[str]) -> Verdict:
    """Returns the verdict where problems fail a run that would have passed."""
    if verdict.result != "pass" or not problems:
        return with_problems(verdict, problems)
    return Verdict("fail", f"Failed: {_list(problems)}; {verdict.reason}", verdict.gates)


def _list(problems: Sequence[str]) -> str:
    return f"{count(len(problems), 'problem')} found ({', '.join(problems)})"


def show(figure: str, value: float | None) -> str:
    """Return a figure as a person reads it."""
    if value is None:
        return "not measured"
    if figure.startswith("finding."):
        return "found" if value else "not found"
    return in_words(figure, value)


def _judge_gate(
    gate: Gate, readings: Sequence[Measurement], doubts: Sequence[str], least_samples: int | None
) -> GateResult:
    """Choose the reading that decides: the worst of those that fail, else of those that are unknown, else of all."""
    tainted, least = bool(doubts), least_values(gate.figure, least_samples)
    results = [(_with_few(reading, _result(gate, reading, tainted=tainted), least), reading) for reading in readings]
    deciding = next(result for result in ("fail", "unknown", "pass") if any(own == result for own, _ in results))
    worst = min((reading for own, reading in results if own == deciding), key=lambda reading: _spare(gate, reading))
    interval = (worst.low, worst.high) if worst.value is not None and worst.low != worst.high else None
    shown = _shown(gate, worst, deciding)
    if tainted and deciding == "unknown" and worst.value is not None and gate.agrees(worst.low, worst.high):
        # The figure alone would decide: the reader has to learn why it does not.
        shown += f", but the run's figures are in doubt: {doubts[0]}"
    distance = None if worst.value is None else worst.value - gate.bound
    return GateResult(gate.text, _RESULTS[deciding], worst.value, shown, worst.span, interval, distance)


_UNSEEN = ("sessions.fates.unobserved", "sessions.unresolved")
"""Counts of what is not known: a log that was cut off makes them too high."""
_RESULTS: dict[str, Result] = {"fail": "fail", "unknown": "unknown", "pass": "pass"}


def _spare(gate: Gate, reading: Measurement) -> float:
    """Return how far a reading is from failing: the least is shown."""
    if reading.value is None:
        return float("-inf")
    distance = gate.bound - reading.value
    if gate.comparison == "==":
        return -abs(distance)
    return abs(distance) if gate.comparison == "!=" else distance if gate.is_upper else -distance


def _result(gate: Gate, reading: Measurement, *, tainted: bool) -> Result:
    if reading.value is None or not gate.agrees(reading.low, reading.high):
        return "unknown"
    if gate.holds(reading.value):
        return "unknown" if tainted else "pass"
    # A late generator or a cut log distorts timing and makes counts too low; it does not add to a count.
    is_count = FIGURES[gate.figure] is Unit.COUNT and not gate.figure.startswith(("finding.", *_UNSEEN))
    is_certain = is_count and reading.low > gate.bound and gate.is_upper
    return "unknown" if tainted and not is_certain else "fail"


def _with_few(reading: Measurement, result: Result, least: int) -> Result:
    """Return unknown for a percentile of too few values that would pass. A failure stays one: a value did exceed the bound."""
    return "unknown" if result == "pass" and reading.n is not None and reading.n < least else result


def _shown(gate: Gate, reading: Measurement, result: str) -> str:
    if reading.value is None:
        return f"{reading.why}{_within(reading.span)}"
    if gate.is_drift:
        drift = f"{change(reading.value)} an hour{_within(reading.span)}"
        if result != "unknown" or gate.agrees(reading.low, reading.high):
            return f"{drift}, {reading.why}"
        bound = ", and that interval contains the bound" if math.isfinite(reading.low) else ""
        return f"{drift}, but {reading.why}{bound}"
    shown = f"{show(gate.figure, reading.value)}{_within(reading.span)}"
    if reading.n is not None and reading.n < (least := least_values(gate.figure)):
        shown += f", of {count(reading.n, 'value')}"
        if result == "unknown" and not reading.why:
            return f"{shown}, too few to pass (needs {least:,}, or least_samples in the scenario)"
    return f"{shown}, but {reading.why}" if result == "unknown" and reading.why else shown


def _within(span: Span | None) -> str:
    if span is None:
        return ""
    return f" {during(*span)}"
