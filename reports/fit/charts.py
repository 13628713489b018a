"""The charts of a fit: each fitted distribution against the data, and the arrivals by hour."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np

from reports.charts.drawing import Builder
from reports.charts.vegalite import INK, Chart, NothingToDrawError, chart, field, mark
from reports.fit.arrivals import Arrivals
from reports.fit.choice import Fitted
from reports.fit.fitting import Fit
from reports.fit.kaplan_meier import shares_below
from reports.fit.person import FittedPerson

FIGURES = ("session_length", "thinking", "quiet", "words", "idle_timeout")
_POINTS = 150
_DATA, _FITTED = INK, "var(--active)"


def charts_of(fit: Fit) -> Iterator[tuple[str, Builder]]:
    """Each chart by name."""
    if len(fit.arrivals.hours) > 1:
        yield "arrivals", partial(arrivals, fit.arrivals)
    for number, person in enumerate(fit.people):
        for name in FIGURES:
            fitted = getattr(person, name)
            if fitted and fitted.kind != "constant" and len(fitted.curve.values) > 1:
                yield f"{name}-{number}", partial(against_data, person, name)


def against_data(person: FittedPerson, name: str) -> Chart:
    """The share of values up to each value: Kaplan–Meier, and fitted."""
    fitted: Fitted = getattr(person, name)
    curve = fitted.curve
    if name == "quiet":
        # Quiet periods are not seen apart from the thinking before the next task: the curve is that of both.
        rows = _quiet_rows(person)
    else:
        chosen = np.unique(np.linspace(0, len(curve.values) - 1, _POINTS).astype(int))
        values = curve.values[chosen]
        model = shares_below(fitted.distribution, values + (0.5 if name == "words" else 0.0))
        rows = _rows(values, curve.share[chosen], model)
    unit = "words" if name == "words" else "s"
    x = field("value:Q", title=f"{unit}, at most", scale={"zero": True, "nice": False}, axis={"grid": False})
    y: dict[str, Any] = {"axis": {"format": ".0%", "tickCount": 4}, "scale": {"domain": [0, 1]}, "title": "share"}
    tooltip = [field("value:Q", format=".4~g"), *(field(f"{each}:Q", format=".1%") for each in ("data", "fitted"))]
    data = {"x": x, "y": field("data:Q", **y), "tooltip": tooltip}
    layers = [
        mark("line", {"x": x, "y": field("fitted:Q", **y)}, color=_FITTED, strokeWidth=3, opacity=0.8),
        mark("line", data, color=_DATA, strokeWidth=1.2, interpolate="step-after"),
    ]
    return chart(layers, rows, description=f"{name.replace('_', ' ')}: fitted against the data", height=170)


def _quiet_rows(person: FittedPerson) -> list[dict[str, Any]]:
    assert person.quiet
    assert person.thinking
    assert person.quiet_chance
    curve = person.quiet.curve
    chosen = np.unique(np.linspace(0, len(curve.values) - 1, _POINTS).astype(int))
    at = curve.values[chosen]
    if person.thinking.kind == "constant":
        return _rows(at, curve.share[chosen], shares_below(person.quiet.distribution, at))
    shares = (np.arange(60) + 0.5) / 60
    shifted = [
        shares_below(person.quiet.distribution, at - person.thinking.distribution.quantile(float(share)))
        for share in shares
    ]
    q = person.quiet_chance.value
    alone = shares_below(person.thinking.distribution, at)
    return _rows(at, curve.share[chosen], (1 - q) * alone + q * np.mean(shifted, axis=0))


def _rows(values: np.ndarray, data: np.ndarray, model: np.ndarray) -> list[dict[str, Any]]:
    if not len(values):
        raise NothingToDrawError("No value was seen.")
    return [
        {"value": round(float(value), 4), "data": round(float(seen), 4), "fitted": round(float(fitted), 4)}
        for value, seen, fitted in zip(values, data, model, strict=True)
    ]


def arrivals(found: Arrivals) -> Chart:
    """Arrivals a minute by hour, with their Poisson intervals."""
    rows = [
        {
            "hour": f"{each.hour:02d}",
            "rate": round(60 * each.rate.value, 4),
            "low": round(60 * each.rate.low, 4),
            "high": round(60 * each.rate.high, 4),
        }
        for each in found.hours
    ]
    x = field("hour:O", title="hour", sort=None, axis={"labelAngle": 0})
    tooltip = [field("hour:O"), *(field(f"{each}:Q") for each in ("rate", "low", "high"))]
    layers = [
        mark(
            "rule",
            {"x": x, "y": field("low:Q", title="arrivals a minute"), "y2": field("high")},
            color=_FITTED,
            strokeWidth=2,
        ),
        mark("point", {"x": x, "y": field("rate:Q"), "tooltip": tooltip}, color=_DATA, filled=True, size=45, opacity=1),
    ]
    return chart(layers, rows, description="Arrivals a minute by hour", height=170)
