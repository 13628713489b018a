"""Writes a comparison's figures as text."""

from __future__ import annotations

from functools import partial

from loadtests.model.gates.gates import Unit
from loadtests.model.text.units import format_duration
from loadtests.model.text.wording import between
from reports.compare.comparison import Change

_LEAST_SECONDS = 5e-6
"""Shorter durations read as 0: a run's clock does not resolve them."""
MEANINGS = {
    "regression": "worse by more than the tolerance and more than noise",
    "worse": "worse by more than noise, but within the tolerance or not certain beyond it",
    "better": "better by more than noise",
    "changed": "changed by more than noise, of a figure without a better direction",
    "noise": "changed by no more than noise",
    "unknown": "inconclusive: not measured, or too few samples",
}


def shown(change: Change, value: float | None, *, signed: bool = False) -> str:
    """Return a value of the change's figure as text."""
    if value is None:
        return "–"
    sign = "+" if signed and value > 0 else ""
    if change.about.unit is Unit.SECONDS:
        value = value if abs(value) >= _LEAST_SECONDS else 0.0
        return sign + format_duration(value).replace("-", "−")
    number = f"{value * 100:.3g} %" if change.about.unit is Unit.SHARE else f"{value:,.3g}"
    return sign + number.replace("-", "−")


def shown_change(change: Change) -> str:
    """Return the change, and its share of the base's value."""
    if change.change is None:
        return "–"
    share = f" ({100 * change.relative:+.0f} %)".replace("-", "−") if change.relative else ""
    return shown(change, change.change, signed=True) + share


def shown_interval(change: Change) -> str:
    """Return the interval of the change."""
    if change.interval is None:
        return "–"
    return between(*change.interval, partial(shown, change, signed=True))


def shown_allowed(change: Change) -> str:
    """Return by how much it may be worse."""
    return "–" if change.allowed is None else shown(change, change.allowed)
