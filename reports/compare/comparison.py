"""Compares a run with its base, figure by figure, and judges the result."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import numpy as np

from loadtests.model.gates.compared import COMPARED, OF_REAL_CLIENTS, Better, Compared, Tolerances
from loadtests.model.run.manifest import Manifest, read_manifest
from loadtests.model.text.units import format_duration
from loadtests.model.text.wording import count, of_total
from reports.compare.blocks import LEAST_SECONDS, samples_of, sums_of
from reports.compare.bootstrap import CELLS, LENGTHS, DifferenceInterval, Values, interval, weights
from reports.compare.conditions import differences
from reports.compare.figures import Measure, measures
from reports.log.log import open_log
from reports.summary import Analysis, analyse
from reports.verdict.verdict import Result

Judged = Literal["noise", "better", "worse", "changed", "regression", "unknown"]
"""worse: by more than noise, within the tolerance; changed: of a figure that has no better direction."""

LEVEL = 0.95
COLUMNS = 30
"""Columns in a figure's course; each joins several cells, so that it has enough samples."""


@dataclass(frozen=True)
class Change:
    """One figure in both runs. Values in the figure's unit; None: not measured."""

    figure: str
    about: Compared
    base: float | None
    run: float | None
    interval: tuple[float, float] | None
    """Of the change, at 95 %."""
    allowed: float | None
    """By how much it may be worse."""
    judged: Judged
    course: tuple[Values, Values]
    """In base and run, by column of time; NaN: not measured."""
    why: str = ""
    """Why it is inconclusive."""

    @property
    def change(self) -> float | None:
        """From base to run."""
        return self.run - self.base if self.run is not None and self.base is not None else None

    @property
    def relative(self) -> float | None:
        """The same as a share of the base's value."""
        return self.change / abs(self.base) if self.change is not None and self.base else None


@dataclass(frozen=True)
class Comparison:
    """The comparison of two runs."""

    base: Manifest
    run: Manifest
    seconds: float
    """Seconds of load from the start that both runs have: only these are compared."""
    differences: list[str]
    """Differences in the runs' conditions."""
    changes: list[Change]
    result: Result
    sentence: str
    """Begins with the result as a word: "Passed: …", "Failed: …", "Inconclusive: …"."""

    @property
    def word(self) -> str:
        """The result as a person reads it."""
        return self.sentence.partition(": ")[0]

    @property
    def reason(self) -> str:
        """The sentence without that word."""
        return self.sentence.partition(": ")[2]


RANKS: dict[Judged, int] = {"regression": 0, "worse": 1, "better": 2, "changed": 3, "unknown": 4, "noise": 5}
"""What is told first."""


def rank(change: Change) -> int:
    """Return the place of its judgement: regressions first."""
    return RANKS[change.judged]


def compare_runs(base: Path, run: Path, seed: int) -> Comparison:
    """Compare the runs in these directories. Raises InputError if one cannot be read."""
    if (short := _too_short(base, run)) is not None:
        return short
    one, other = open_log(base), open_log(run)
    try:
        analyses = analyse(one), analyse(other)
        seconds = min(map(_load, analyses))
        conditions = differences(one.manifest, other.manifest)
        doubts = [
            doubt
            for named, analysis in zip(("BASE", "RUN"), analyses, strict=True)
            for doubt in _doubts(named, analysis)
        ]
        if seconds < LEAST_SECONDS:
            doubts.append(_short(seconds))
            return _judged(one.manifest, other.manifest, seconds, conditions, [], doubts)
        before, after = (measures(samples_of(log, seconds), sums_of(log, seconds)) for log in (one, other))
    finally:
        one.close()
        other.close()
    tolerances = other.manifest.scenario.compare if other.manifest.scenario else Tolerances()
    figures = OF_REAL_CLIENTS if other.manifest.recording else COMPARED
    changes = compare_figures(before, after, tolerances, seed, figures)
    doubts += [
        f"{change.figure}: {change.why}"
        for change in changes
        if change.judged == "unknown" and change.figure in tolerances.figures
    ]
    return _judged(one.manifest, other.manifest, seconds, conditions, changes, doubts)


def _too_short(base: Path, run: Path) -> Comparison | None:
    """Return the comparison of runs of which one says itself that it is too short: nothing has to be read to tell."""
    one, other = read_manifest(base), read_manifest(run)
    known = [manifest.load_ended for manifest in (one, other) if manifest.load_ended is not None]
    if not known or min(known) >= LEAST_SECONDS:
        return None
    return _judged(one, other, min(known), differences(one, other), [], [_short(min(known))])


def _short(seconds: float) -> str:
    common, least = format_duration(seconds), format_duration(LEAST_SECONDS)
    return f"the runs have {common} of load in common; at least {least} are needed, so run a longer scenario"


def compare_figures(
    base: dict[str, Measure],
    run: dict[str, Measure],
    tolerances: Tolerances,
    seed: int,
    figures: Mapping[str, Compared] = COMPARED,
) -> list[Change]:
    """Compare each of `figures` that at least one of the runs has."""
    rounds = [weights(length, seed) for length in LENGTHS]
    pairs = {figure: (base[figure], run[figure]) for figure in figures}
    return [
        _compared(figure, figures[figure], pair, tolerances, rounds)
        for figure, pair in pairs.items()
        if any(_estimate(measure) is not None for measure in pair)
    ]


def _compared(
    figure: str, about: Compared, pair: tuple[Measure, Measure], tolerances: Tolerances, rounds: list[Values]
) -> Change:
    base, run = map(_estimate, pair)
    allowed = None if about.better is Better.NEITHER else tolerances.allowed(figure, base or 0.0)
    first, second = (measure.values(_COLUMNS) for measure in pair)
    change = Change(figure, about, base, run, None, allowed, "unknown", (first, second), _lacking(pair))
    if change.change is None or change.why:
        return change
    short, long = (pair[1].values(weight) - pair[0].values(weight) for weight in rounds)
    found = interval(change.change, short, long)
    if not math.isfinite(found.error):
        return replace(change, why="measured in too few blocks of time")
    judged = judge(found, about.better, allowed)
    return replace(change, interval=found.bounds(LEVEL), judged=judged)


_COLUMNS: Values = np.repeat(np.eye(COLUMNS), CELLS // COLUMNS, axis=1)
"""The weights that put cells together into columns."""
_DIRECTED = sum(about.better is not Better.NEITHER for about in COMPARED.values())


def judge(found: DifferenceInterval, better: Better, allowed: float | None) -> Judged:
    """Classify a change.

    Of many figures, one in twenty lies beyond its own interval by chance. So a regression must lie beyond the interval that all
    figures together keep to in 95 % of cases (Bonferroni).
    """
    low, high = found.bounds(LEVEL)
    if low <= 0 <= high:
        return "noise"
    if better is Better.NEITHER or allowed is None:
        return "changed"
    worse = found.change if better is Better.LOWER else -found.change
    if worse < 0:
        return "better"
    low, high = found.bounds(1 - (1 - LEVEL) / _DIRECTED)
    return "regression" if worse > allowed and not low <= 0 <= high else "worse"


def _estimate(measure: Measure) -> float | None:
    (value,) = measure.values(np.ones((1, CELLS)))
    return float(value) if np.isfinite(value) else None


def _lacking(pair: tuple[Measure, Measure]) -> str:
    for named, measure in zip(("BASE", "RUN"), pair, strict=True):
        if _estimate(measure) is None:
            return f"not measured in {named}"
        if not measure.is_enough:
            return f"too few samples in {named}"
    return ""


def _load(analysis: Analysis) -> float:
    ended = analysis.log.manifest.load_ended
    return analysis.log_end if ended is None else min(ended, analysis.log_end)


def _doubts(named: str, analysis: Analysis) -> list[str]:
    return [f"the verdict of {named} is inconclusive"] if analysis.verdict.result == "unknown" else []


def _judged(
    base: Manifest, run: Manifest, seconds: float, differences: list[str], changes: list[Change], doubts: list[str]
) -> Comparison:
    regressions = [change.figure for change in changes if change.judged == "regression"]
    found = [change for change in changes if change.judged in ("better", "worse", "changed")]
    result: Result = "pass"
    if doubts:
        result, sentence = "unknown", f"Inconclusive: {'; '.join(doubts)}."
    elif regressions:
        result, sentence = "fail", f"Failed: {', '.join(regressions)} became worse by more than tolerance and noise."
    elif not changes:
        result, sentence = "unknown", "Inconclusive: no figure was measured in both runs."
    elif found:
        sentence = f"Passed: no regression; {of_total(len(found), len(changes), 'figure')} changed by more than noise."
        if worse := [change.figure for change in found if change.judged == "worse"]:
            sentence = f"{sentence[:-1]}; worse, but not by more than tolerance and chance: {', '.join(worse)}."
    else:
        sentence = f"Passed: no regression; none of {count(len(changes), 'figure')} changed by more than noise."
    return Comparison(base, run, seconds, differences, changes, result, sentence)
