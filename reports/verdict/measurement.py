"""Measures a gate's figure: its value and bounds, or why there is none."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from loadtests.model.gates.gates import Gate
from loadtests.model.gates.window import Span
from loadtests.model.maths.reported_percentiles import least_values
from loadtests.model.text.units import format_duration
from loadtests.model.text.wording import between, change, count
from reports.analysis.drift import LOAD_RISE, drift_of
from reports.log.log import EventLog
from reports.verdict.rising import could_not_rise
from reports.verdict.windows import Sample, sampled


@dataclass(frozen=True)
class Measurement:
    """One figure in one part of the run."""

    value: float | None
    """In the figure's unit, of a drift a share an hour; None: not measured."""
    low: float = math.nan
    high: float = math.nan
    """Bounds of `value`; equal to it where it is exact."""
    why: str = ""
    """Why the value is not exact, or why there is none."""
    span: Span | None = None
    """The part of the run; None: the whole."""
    n: int | None = None
    """Number of values of a percentile; None: the figure is none."""


def read(log: EventLog, log_end: float, figures: Mapping[str, Any], gate: Gate) -> list[Measurement]:
    """Return the readings that must all satisfy `gate`: one, or one for each position of a sliding window.

    `figures` are the whole run's, in summary.json's shape.
    """
    if gate.is_drift:
        return [_drift(log, log_end, gate)]
    if gate.window is None:
        return [_whole(log, figures, gate.figure)]
    load_ended = log.manifest.load_ended or log_end
    spans = gate.window.spans(load_ended, log_end)
    if not spans:
        return [_unmeasured(f"the load lasted {format_duration(load_ended)}, so there was no '{gate.window}'")]
    return [_windowed(sample) for sample in sampled(log, log_end, gate.figure, spans)]


def lookup(figures: Mapping[str, Any], path: str) -> float | None:
    """Return the figure at a dotted path; None if it was not measured."""
    value: Any = figures
    for key in path.split("."):
        value = value.get(key) if isinstance(value, Mapping) else None
    return float(value) if isinstance(value, int | float) else None


def _why_unmeasured(figures: Mapping[str, Any], figure: str) -> str:
    group, _, name = figure.partition(".")
    if group == "finding" and (why := figures.get("finding_unknown", {}).get(name)):
        return f"not measured: {why}"
    if group == "keep_alive" and figures["keep_alive"]["count"]:
        return "not measured: no keep-alive was sent while its session was open"
    return (
        f"not measured: {_NOTHING[group].format(call=name.partition('.')[0])}" if group in _NOTHING else "not measured"
    )


_NOTHING = {
    "keep_alive": "no keep-alive was sent",
    "latency": "no {call} call was sent",
    "concurrency_hits": "no session was requested",
    "generator": "no request was sent",
}
"""By the first part of a figure: why it has no value."""

_LISTS = "SELECT count(*) AS n FROM events WHERE kind = 'list' AND outcome = 'ok'"


def _unmeasured(why: str) -> Measurement:
    return Measurement(None, why=why)


def _whole(log: EventLog, figures: Mapping[str, Any], figure: str) -> Measurement:
    value = lookup(figures, figure)
    if value is None:
        return _unmeasured(_why_unmeasured(figures, figure))
    if figure == "keep_alive.failed" and not figures["keep_alive"]["count"]:
        return _unmeasured("no keep-alive was sent")
    if why := could_not_rise(figures["calls"], figure):
        return Measurement(value, value, math.inf, why)
    unseen = _unseen(log, figures, figure)
    why = f"the end of {count(unseen, 'session')} was not observed" if unseen else ""
    return Measurement(value, value, value + unseen, why, n=_values(figures, figure))


def _values(figures: Mapping[str, Any], figure: str) -> int | None:
    """Return how many values a percentile is computed from."""
    n = lookup(figures, f"{figure.rpartition('.')[0]}.n") if least_values(figure) else None
    return None if n is None else int(n)


def _unseen(log: EventLog, figures: Mapping[str, Any], figure: str) -> int:
    """Return by how much a count of sessions could be higher, given what was observed."""
    sessions = figures["sessions"]
    if figure == "sessions.fates.lingering" and not log.row(_LISTS)["n"]:
        # Without the list, a `new` whose answer was lost may have left a session that was never observed.
        return int(sessions["fates"]["unobserved"]) + int(sessions["unresolved"])
    if figure == "sessions.opened":
        return int(sessions["unresolved"])
    is_fate = figure.startswith("sessions.fates.") and not figure.endswith(".unobserved")
    return int(sessions["fates"]["unobserved"]) if is_fate or figure == "sessions.lost_to_idle" else 0


def _windowed(sample: Sample) -> Measurement:
    if not sample.n or sample.value is None:
        return Measurement(None, why="nothing was measured", span=sample.span)
    why = "some sessions may have ended within it or outside of it" if sample.low != sample.high else ""
    return Measurement(sample.value, sample.low, sample.high, why, sample.span, sample.n)


def _drift(log: EventLog, log_end: float, gate: Gate) -> Measurement:
    drift = drift_of(log, log.manifest.load_ended or log_end, gate.figure)
    if drift is None:
        return _unmeasured("too few answers, or too short a run, to measure a drift")
    slope, low, high = (rate * 3600 for rate in (drift.slope, drift.slope_low, drift.slope_high))
    if drift.load_rise > LOAD_RISE:
        # A drift that a growing load explains does not count, however certain the slope is.
        why = f"the load also rose, by a factor of {drift.load_rise:.1f}"
        return Measurement(slope, -math.inf, high, why, (drift.warm_up, drift.end))
    return Measurement(slope, low, high, f"95 %: {between(low, high, change)}", (drift.warm_up, drift.end))
