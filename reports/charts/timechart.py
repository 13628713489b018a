"""The common parts of charts over the run's time: their x axis, and the window that the reader zooms to.

Times in a spec are milliseconds of the run, read as UTC, so that ticks fall on whole seconds, minutes and hours. The signals
`low` and `high` are the window; `origin` is what is added for the time of the wall clock, -1 for the run's own time. The data set
`shade` has the shaded intervals, the selection `brush` is the reader's drag. The page's window.js sets and reads them.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pandas as pd

from reports.charts.vegalite import SHADE, Chart, Rows, Spec, chart, expression, field, mark

AXIS_WIDTH = 48
"""Width of every y axis in pixels, so that charts below each other share one x axis."""

_CLOCK = (
    "origin >= 0 ? utcFormat(+datum.value + origin, high - low < 10000 ? '%H:%M:%S.%L' : '%H:%M:%S')"
    " : high - low >= 7200000 ? floor(datum.value / 3600000)"
    " + (datum.value % 3600000 ? utcFormat(datum.value, ':%M') : '') + ' h'"
    " : high - low < 10000 ? floor(datum.value / 60000) + utcFormat(datum.value, ':%S.') + floor(datum.value % 1000 / 100)"
    " : datum.value >= 3600000 ? floor(datum.value / 3600000) + utcFormat(datum.value, ':%M:%S')"
    " : floor(datum.value / 60000) + utcFormat(datum.value, ':%S')"
)


_SHORT = "format(datum.value, abs(datum.value) >= 1000 ? '~s' : '~r')"
"""At most five characters, so that no label reaches the axis' title."""


def milliseconds(frame: pd.DataFrame, *columns: str) -> pd.DataFrame:
    """Return `frame` with these columns of seconds as whole milliseconds."""
    return frame.assign(**{column: (frame[column] * 1000).round().astype("int64") for column in columns})


def time(name: str, end: float) -> Spec:
    """Return the x channel of a field of milliseconds in a run of `end` seconds."""
    axis = {
        "labelExpr": _CLOCK,
        "title": None,
        "grid": False,
        "tickCount": expression("width / 80"),
        "labelOverlap": True,
    }
    return field(f"{name}:T", scale={"type": "utc", "domain": _whole(end), "nice": False}, axis=axis)


def height(name: str, title: str, **options: Any) -> Spec:
    """Return the y channel of a figure."""
    axis = {
        "minExtent": AXIS_WIDTH,
        "maxExtent": AXIS_WIDTH,
        "tickCount": 3,
        "labelExpr": _SHORT,
        "titlePadding": 2,
        **options.pop("axis", {}),
    }
    return field(f"{name}:Q", title=title, axis=axis, **options)


def moment(name: str = "t", title: str = "at") -> Spec:
    """Return the tooltip of a field of milliseconds: "@65200", which the page's script shows as a clock."""
    return field(f"{name}:T", title=title, format="@%Q", formatType="utcFormat")


def over_time(*layers: Spec, rows: Rows, end: float, height: int, description: str) -> Chart:
    """Return a chart of these layers over a run of `end` seconds, with the shade below and the brush on the first layer."""
    first, *others = layers
    brush = {
        "name": "brush",
        "select": {"type": "interval", "encodings": ["x"], "mark": {"fill": "gray", "fillOpacity": 0.25}},
    }
    shaded = mark(
        "rect",
        {"x": time("low", end), "x2": field("high")},
        color=SHADE,
        opacity=0.35,
        stroke=SHADE,
        strokeWidth=1.5,
        clip=True,
    )
    shaded = {"name": "shaded", "data": {"name": "shade"}, **shaded}
    drawn = chart([shaded, {**first, "params": [brush]}, *others], rows, description=description, height=height)
    low, high = _whole(end)
    window = [{"name": name, "value": value} for name, value in (("low", low), ("high", high), ("origin", -1))]
    return replace(drawn, spec={**drawn.spec, "params": window}, is_over_time=True)


def windowed(vega: Spec) -> Spec:
    """Return the compiled chart with the window as the domain of its x axis, which Vega-Lite cannot express."""
    scales = [
        {**scale, "domain": {"signal": "[low, high]"}} if scale["name"] == "x" else scale for scale in vega["scales"]
    ]
    return {**vega, "scales": scales}


def _whole(end: float) -> list[int]:
    return [0, max(1, round(end * 1000))]
