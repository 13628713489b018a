"""Writes a comparison's figures as text."""

from __future__ import annotations

from functools import partial

from loadtests.model.gates.gates import Unit
from loadtests.model.text.units import format_duration
from loadtests.model.text.wording import between
from reports.compare.comparison import Change

_LEAST_SECONDS = 5e-6
"""Shorter durations read as 0: a run's clock does not resolve them."""
POINTS = "pp"
"""Percentage points: the unit of a share's change."""
MEANINGS = {
    "regression": "worse by more than the tolerance and more than noise",
    "worse": "worse by more than noise, but tolerated, or beyond the tolerance by no more than chance: no regression",
    "better": "better by more than noise",
    "changed": "changed by more than noise, of a figure without a better direction",
    "noise": "changed by no more than noise",
    "unknown": "inconclusive: not measured, or too few samples",
}


def shown(change: Change, value: float | None) -> str:
    """Return a value of the change's figure as text."""
    return "–" if value is None else _text(change, value, "%")


def shown_change(change: Change) -> str:
    """Return the change: a share's in percentage points, any other also as a share of the base's value."""
    if change.change is None:
        return "–"
    is_share = change.about.unit is Unit.SHARE
    relative = f" ({100 * change.relative:+,.0f} %)".replace("-", "−") if change.relative and not is_share else ""
    return _signed(change, change.change) + relative


def shown_interval(change: Change) -> str:
    """Return the interval of the change."""
    return "–" if change.interval is None else between(*change.interval, partial(_signed, change))


def shown_allowed(change: Change) -> str:
    """Return by how much it may be worse."""
    return "–" if change.allowed is None else _text(change, change.allowed, POINTS)


def shown_judgement(change: Change) -> str:
    """Return the judgement; of a figure that became worse and is no regression, why it is none."""
    if change.why:
        return f"{change.judged}: {change.why}"
    if change.judged != "worse" or change.allowed is None or change.change is None:
        return change.judged
    return (
        "worse, but tolerated"
        if abs(change.change) <= change.allowed
        else "worse, but not certainly beyond the tolerance"
    )


def in_words(change: Change) -> str:
    """Return what changed, as a sentence."""
    about = change.about.about
    values = f"{shown(change, change.base)} → {shown(change, change.run)}, {shown_change(change)}"
    interval = f"; the 95 % interval of the change is {shown_interval(change)}" if change.interval else ""
    allowed = f"; {shown_allowed(change)} worse is tolerated" if change.allowed is not None else ""
    return f"{about[:1].upper()}{about[1:]}: {values}{interval}{allowed if change.judged != 'better' else ''}."


def _signed(change: Change, value: float) -> str:
    return ("+" if value > 0 else "") + _text(change, value, POINTS)


def _text(change: Change, value: float, of_share: str) -> str:
    if change.about.unit is Unit.SECONDS:
        return format_duration(value if abs(value) >= _LEAST_SECONDS else 0.0).replace("-", "−")
    number = f"{value * 100:.3g} {of_share}" if change.about.unit is Unit.SHARE else f"{value:,.3g}"
    return number.replace("-", "−")
