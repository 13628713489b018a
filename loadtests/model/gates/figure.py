"""The figures that a gate may name: their units, and which windows, drifts and aborts each allows."""

from __future__ import annotations

from enum import StrEnum

from loadtests.model.gates.finding_names import FINDINGS
from loadtests.model.log.fate import FATES
from loadtests.model.maths.reported_percentiles import PERCENTILES
from loadtests.model.text.suggestion import nearest
from loadtests.model.text.units import format_duration
from loadtests.model.text.wording import percent


class Unit(StrEnum):
    """The unit of a figure."""

    COUNT = "count"
    SHARE = "share"
    SECONDS = "seconds"


_PERCENTILES = (*PERCENTILES, "max", "min")
_OPERATIONS = ("new", "start", "task", "keep_alive", "stop")

FIGURES: dict[str, Unit] = {
    "sessions.opened": Unit.COUNT,
    "sessions.unresolved": Unit.COUNT,
    "sessions.lost_to_idle": Unit.COUNT,
    "sessions.leaked": Unit.COUNT,
    "sessions.ghosts": Unit.COUNT,
    **{f"sessions.fates.{fate}": Unit.COUNT for fate in FATES},
    "concurrency_hits.count": Unit.COUNT,
    "concurrency_hits.first_attempts": Unit.COUNT,
    "concurrency_hits.first_attempt_share": Unit.SHARE,
    "concurrency_hits.persons_lost": Unit.COUNT,
    "keep_alive.failed": Unit.COUNT,
    **{f"keep_alive.{what}.{p}": Unit.SECONDS for what in ("lateness", "margin") for p in _PERCENTILES},
    **{f"latency.{call}.{p}": Unit.SECONDS for call in _OPERATIONS for p in _PERCENTILES},
    "generator.loop_delay.p99": Unit.SECONDS,
    "generator.loop_delay.max": Unit.SECONDS,
    "generator.longest_stall": Unit.SECONDS,
    **{f"finding.{name}": Unit.COUNT for name in FINDINGS},
}
"""Every figure of summary.json that a gate may name, with its unit; for each finding, 1 if it is present."""

ALIASES: dict[str, str] = {
    "sessions_lost_to_idle": "sessions.lost_to_idle",
    **{f"leaked.{how}": f"sessions.fates.leaked-{how}" for how in ("reaped", "early", "late")},
    **{f"leaked.{fate}": f"sessions.fates.{fate}" for fate in ("swept", "lingering")},
}
"""Other names that a gate may use."""

SHARES: dict[str, str] = {"concurrency_hits.first_attempts": "concurrency_hits.first_attempt_share"}
"""Counts that a gate may also bound by a percentage, with the figure of that share."""

GROWING: frozenset[str] = frozenset(
    (
        "concurrency_hits.count",
        "concurrency_hits.first_attempts",
        "sessions.lost_to_idle",
        "keep_alive.failed",
        "generator.longest_stall",
    )
)
"""Figures that only grow and are counted during the run: a gate on one of them may abort."""

_OF_THE_END = ("censored", "swept", "lingering", "unobserved")
WHOLE: frozenset[str] = frozenset(
    (
        "sessions.unresolved",
        "sessions.leaked",
        "sessions.ghosts",
        *(f"sessions.fates.{fate}" for fate in _OF_THE_END),
        *(f"finding.{name}" for name in FINDINGS),
    )
)
"""Figures of the whole run, for which no window is allowed: they are known at its end, or belong to no moment."""

DRIFTING: dict[str, tuple[str, float]] = {
    f"latency.{call}.p{percentile}": (call, percentile / 100) for call in _OPERATIONS for percentile in (5, 50, 95, 99)
}
"""Figures that have a drift: the call, and the quantile of its latency."""


def figure_called(name: str) -> str:
    """Returns the figure called `name`. Raises ValueError with the nearest name."""
    name = ALIASES.get(name, name)
    if name in FIGURES:
        return name
    raise ValueError(f"no figure {name!r}{nearest(name, (*FIGURES, *ALIASES))}")


def in_words(figure: str, value: float) -> str:
    """Returns the value of a figure as a person reads it."""
    unit = FIGURES.get(figure, Unit.COUNT)
    if unit is Unit.SECONDS:
        return format_duration(value)
    return percent(value) if unit is Unit.SHARE else f"{value:g}"
