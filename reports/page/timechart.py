"""What all charts over the run's time have in common, so that one window can be laid over all of them.

Times in a spec are milliseconds of the run, taken for UTC: so the ticks fall on whole seconds, minutes and hours. The signals
`low` and `high` are the window, the data set `shade` the intervals that are shaded, the selection `brush` what a reader drags
over; the page's window.js sets and reads them.
"""

from __future__ import annotations

from typing import Any

import altair as alt
import pandas as pd
import vl_convert

Spec = dict[str, Any]
"""A chart as Vega: compiled here, so that the page need not carry the compiler."""

DIM, RULE, INK, SHADE = "var(--dim)", "var(--line)", "var(--ink)", "var(--shade)"
"""Colours are the page's own: charts follow light, dark and print."""

AXIS_WIDTH = 34
"""In pixels, of every chart's y axis: so that charts under each other have one x."""

_CLOCK = (
    "high - low >= 7200000 ? floor(datum.value / 3600000) + (datum.value % 3600000 ? utcFormat(datum.value, ':%M') : '') + ' h'"
    " : high - low < 10000 ? floor(datum.value / 60000) + utcFormat(datum.value, ':%S.') + floor(datum.value % 1000 / 100)"
    " : datum.value >= 3600000 ? floor(datum.value / 3600000) + utcFormat(datum.value, ':%M:%S')"
    " : floor(datum.value / 60000) + utcFormat(datum.value, ':%S')"
)


def milliseconds(frame: pd.DataFrame, *columns: str) -> pd.DataFrame:
    """`frame` with those columns of seconds as whole milliseconds."""
    return frame.assign(**{column: (frame[column] * 1000).round().astype("int64") for column in columns})


def time(field: str, end: float, **options: Any) -> alt.X:
    """The x channel of a field of milliseconds in a run of `end` seconds."""
    scale = alt.Scale(type="utc", domain=_whole(end), nice=False)
    axis = alt.Axis(labelExpr=_CLOCK, title=None, grid=False, tickCount=alt.ExprRef("width / 80"), labelOverlap=True)
    return alt.X(f"{field}:T", scale=scale, axis=axis, **options)


def height(field: str, title: str, **options: Any) -> alt.Y:
    """The y channel of a figure."""
    axis = {
        "minExtent": AXIS_WIDTH,
        "maxExtent": AXIS_WIDTH,
        "tickCount": 3,
        "titlePadding": 2,
        **options.pop("axis", {}),
    }
    return alt.Y(f"{field}:Q", title=title, axis=alt.Axis(**axis), **options)


def moment(field: str = "t", title: str = "at") -> alt.Tooltip:
    """The tooltip of a field of milliseconds."""
    return alt.Tooltip(f"{field}:T", title=title, format="%H:%M:%S.%L", formatType="utc")


def over_time(*layers: Any, end: float, height: int, description: str) -> Spec:
    """The Vega of a chart of these layers over a run of `end` seconds: the shade beneath, the brush on the first of them."""
    first, *others = layers
    brush = alt.selection_interval(name="brush", encodings=["x"], mark=alt.BrushConfig(fill="gray", fillOpacity=0.25))
    shaded = (
        alt.Chart(alt.NamedData("shade"), name="shaded")
        .mark_rect(color=SHADE, opacity=0.35, stroke=SHADE, strokeWidth=1.5, clip=True)
        .encode(x=time("low", end), x2="high:T")
    )
    low, high = _whole(end)
    window = [alt.param(name="low", value=low), alt.param(name="high", value=high)]
    spec = compiled(alt.layer(shaded, first.add_params(brush), *others).add_params(*window), description, height)
    # Vega-Lite knows of a domain that moves only what a selection of its own chart does.
    (scale,) = (scale for scale in spec["scales"] if scale["name"] == "x")
    scale["domain"] = {"signal": "[low, high]"}
    return spec


def compiled(chart: Any, description: str, height: int) -> Spec:
    """The Vega of a chart as wide as its place on the page."""
    placed = chart.properties(width="container", height=height, description=description, background="transparent")
    # Checking each part against the schema takes longer than all the rest; the compiler tells what it does not understand.
    return dict(vl_convert.vegalite_to_vega({**placed.to_dict(validate=False), "config": _LOOK}))


def filled(spec: Spec, name: str, frame: pd.DataFrame) -> Spec:
    """A copy of `spec` with `frame` as its data set `name`."""
    values = frame.to_dict("records")
    return {**spec, "data": [{**data, "values": values} if data["name"] == name else data for data in spec["data"]]}


def _whole(end: float) -> list[int]:
    return [0, max(1, round(end * 1000))]


_LOOK = {
    "aria": False,
    "font": 'system-ui, "DejaVu Sans", sans-serif',
    "axis": {
        **dict.fromkeys(("labelColor", "titleColor"), DIM),
        **dict.fromkeys(("gridColor", "domainColor", "tickColor"), RULE),
        "titleFontWeight": "normal",
        "labelFontSize": 11,
    },
    "legend": {**dict.fromkeys(("labelColor", "titleColor"), DIM), "titleFontWeight": "normal"},
    "view": {"stroke": None},
}
