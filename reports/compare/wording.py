"""A comparison's figures as people read them."""

from __future__ import annotations

from loadtests.model.gates.gates import Unit
from loadtests.model.text.units import format_duration
from reports.compare.comparison import Change

_LEAST_SECONDS = 5e-6
"""Shorter is 0: no clock of a run tells it."""
MEANINGS = {
    "regression": "worse by more than the tolerance, and by more than noise",
    "worse": "worse by more than noise, or within the tolerance",
    "better": "better by more than noise",
    "changed": "changed by more than noise; neither better nor worse",
    "noise": "no more than noise",
    "unknown": "cannot be told",
}


def said(change: Change, value: float | None, *, signed: bool = False) -> str:
    """A value of the change's figure."""
    if value is None:
        return "–"
    sign = "+" if signed and value > 0 else ""
    if change.about.unit is Unit.SECONDS:
        value = value if abs(value) >= _LEAST_SECONDS else 0.0
        return sign + format_duration(value).replace("-", "−")
    number = f"{value * 100:.3g} %" if change.about.unit is Unit.SHARE else f"{value:.3g}"
    return sign + number.replace("-", "−")


def said_change(change: Change) -> str:
    """The change, and what share of the base's value it is."""
    if change.change is None:
        return "–"
    share = f" ({change.relative:+.0%})".replace("-", "−") if change.relative else ""
    return said(change, change.change, signed=True) + share


def said_interval(change: Change) -> str:
    """The interval of the change."""
    if change.interval is None:
        return "–"
    low, high = change.interval
    return f"{said(change, low, signed=True)} to {said(change, high, signed=True)}"


def said_allowed(change: Change) -> str:
    """By how much it may be worse."""
    return "–" if change.allowed is None else said(change, change.allowed)
