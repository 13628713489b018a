"""What a gate's figure was: its value, or why there is none, and between what bounds it certainly lies."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from loadtests.model.gates.gates import Gate
from loadtests.model.gates.window import Span
from reports.analysis.drift import LOAD_RISE, drift_of
from reports.log.log import EventLog
from reports.verdict.windows import Sample, sampled


@dataclass(frozen=True)
class Measurement:
    """One figure in one part of the run."""

    value: float | None
    """In the figure's unit, of a drift a share an hour; None: not measured."""
    low: float = math.nan
    high: float = math.nan
    """Where `value` certainly lies; the same as it where nothing is in doubt."""
    why: str = ""
    """What is in doubt."""
    span: Span | None = None
    """The part of the run; None: the whole."""
    n: int | None = None
    """Values that a percentile of a window is of."""


def read(log: EventLog, log_end: float, figures: Mapping[str, Any], gate: Gate) -> list[Measurement]:
    """The readings that all have to satisfy `gate`: one, or one for each place of a window that slides.

    `figures` are the whole run's, in summary.json's shape.
    """
    if gate.is_drift:
        return [_drift(log, log_end, gate)]
    if gate.window is None:
        return [_whole(log, figures, gate.figure)]
    load_ended = log.manifest.load_ended or log_end
    spans = gate.window.spans(load_ended, log_end)
    if not spans:
        return [_unmeasured(f"the load lasted {load_ended:.0f} s: there was no '{gate.window}'")]
    return [_windowed(sample) for sample in sampled(log, log_end, gate.figure, spans)]


def lookup(figures: Mapping[str, Any], path: str) -> float | None:
    """The figure at a dotted path; None if it was not measured."""
    value: Any = figures
    for key in path.split("."):
        value = value.get(key) if isinstance(value, Mapping) else None
    return float(value) if isinstance(value, int | float) else None


_LOOKS = "SELECT count(*) AS n FROM events WHERE kind = 'list' AND outcome = 'ok'"


def _unmeasured(why: str) -> Measurement:
    return Measurement(None, why=why)


def _whole(log: EventLog, figures: Mapping[str, Any], figure: str) -> Measurement:
    value = lookup(figures, figure)
    if value is None:
        return _unmeasured("not measured")
    if figure == "keep_alive.failed" and not figures["keep_alive"]["count"]:
        return _unmeasured("no keep-alive was sent")
    unseen = _unseen(log, figures, figure)
    why = f"{unseen} sessions were not observed to their end" if unseen else ""
    return Measurement(value, value, value + unseen, why)


def _unseen(log: EventLog, figures: Mapping[str, Any], figure: str) -> int:
    """By how much a count of sessions could be higher, for all that was seen."""
    sessions = figures["sessions"]
    if figure == "sessions.fates.lingering" and not log.row(_LOOKS)["n"]:
        # Without the list a `new` whose answer was lost may have left a session that nobody ever saw.
        return int(sessions["fates"]["unobserved"]) + int(sessions["unresolved"])
    if figure == "sessions.opened":
        return int(sessions["unresolved"])
    is_fate = figure.startswith("sessions.fates.") and not figure.endswith(".unobserved")
    return int(sessions["fates"]["unobserved"]) if is_fate or figure == "sessions.lost_to_idle" else 0


def _windowed(sample: Sample) -> Measurement:
    if not sample.n or sample.value is None:
        return Measurement(None, why="nothing was measured", span=sample.span)
    why = "sessions may have ended within it or not" if sample.low != sample.high else ""
    return Measurement(sample.value, sample.low, sample.high, why, sample.span, sample.n)


def _drift(log: EventLog, log_end: float, gate: Gate) -> Measurement:
    drift = drift_of(log, log.manifest.load_ended or log_end, gate.figure)
    if drift is None:
        return _unmeasured("too few answers, or too short a run, to tell a drift")
    slope, low, high = (rate * 3600 for rate in (drift.slope, drift.slope_low, drift.slope_high))
    if drift.load_rise > LOAD_RISE:
        # What a growing load explains is no drift, however sure the slope is.
        why = f"the load rose to {drift.load_rise:.1f} times as much as well"
        return Measurement(slope, -math.inf, high, why, (drift.warm_up, drift.end))
    return Measurement(slope, low, high, f"95 %: {low:+.1%} to {high:+.1%}", (drift.warm_up, drift.end))
