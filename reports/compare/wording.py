"""Writes a comparison's figures as text."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from loadtests.model.gates.gates import Unit
from loadtests.model.text import wording
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
    return _value(change.about.unit, value)


def shown_change(change: Change) -> str:
    """Return the change: a share's in percentage points, any other also as a share of the base's value."""
    absolute = _difference(change.about.unit, change.change)
    return f"{absolute} ({wording.change(change.relative)})" if has_relative(change) and change.relative else absolute


def has_relative(change: Change) -> bool:
    """Whether the change is also told as a share of the base's value."""
    if change.change is None or change.relative is None or change.about.unit is Unit.SHARE:
        return False
    return _difference(change.about.unit, change.change) != _difference(change.about.unit, 0.0)


def shown_interval(change: Change) -> str:
    """Return the interval of the change."""
    return "–" if change.interval is None else between(*change.interval, partial(_difference, change.about.unit))


def shown_allowed(change: Change) -> str:
    """Return by how much it may be worse."""
    return _allowed(change.about.unit, change.allowed)


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
    return sentence(change).format(
        base=shown(change, change.base),
        run=shown(change, change.run),
        change=shown_change(change),
        interval=shown_interval(change),
        allowed=shown_allowed(change),
    )


def sentence(change: Change) -> str:
    """Return the same with names in the place of figures: {base}, {run}, {change}, {interval}, {allowed}."""
    about = change.about.about
    interval = "; the 95 % interval of the change is {interval}" if change.interval else ""
    is_judged = change.allowed is not None and change.judged != "better"
    allowed = "; {allowed} worse is tolerated" if is_judged else ""
    return f"{about[:1].upper()}{about[1:]}: {{base}} → {{run}}, {{change}}{interval}{allowed}."


def _value(unit: Unit, value: float | None) -> str:
    return "–" if value is None else _text(unit, value, "%")


def _difference(unit: Unit, value: float | None) -> str:
    """Return a difference with its sign; one that reads as 0 has none."""
    if value is None:
        return "–"
    text, nothing = _text(unit, value, POINTS), _text(unit, 0.0, POINTS)
    if text.lstrip("−") == nothing:
        return nothing
    return f"+{text}" if value > 0 else text


def _allowed(unit: Unit, value: float | None) -> str:
    return "–" if value is None else _text(unit, value, POINTS)


def _text(unit: Unit, value: float, of_share: str) -> str:
    if unit is Unit.SECONDS:
        return format_duration(value if abs(value) >= _LEAST_SECONDS else 0.0).replace("-", "−")
    number = f"{value * 100:.3g} {of_share}" if unit is Unit.SHARE else f"{value:,.3g}"
    return number.replace("-", "−")


def form_of(kind: str, unit: Unit) -> str:
    """Return the name of the form of a page's figure: `kind` is value, difference or allowed."""
    return f"{kind} in {unit.name.lower()}"


FORMS: dict[str, Callable[..., str]] = {
    form_of(kind, unit): partial(write, unit)
    for kind, write in (("value", _value), ("difference", _difference), ("allowed", _allowed))
    for unit in Unit
}
"""By name: how a figure of a comparison is written."""
