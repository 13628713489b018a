"""The charts of a comparison: all changes with their intervals, and the course of what changed in both runs."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from loadtests.model.gates.gates import Unit
from reports.charts.timechart import height, milliseconds, moment, over_time, time
from reports.charts.vegalite import DIM, INK, Chart, Spec, chart, field, mark, on, rows_of
from reports.compare.comparison import COLUMNS, Change, Comparison, rank
from reports.compare.wording import shown_change, shown_interval

MOST_COURSES = 6
_FARTHEST = 1.5
"""A change beyond this share of its base is drawn at the chart's edge."""
_COLOURS = {
    "regression": "var(--fail)",
    "worse": "var(--odd)",
    "better": "var(--good)",
    "changed": "var(--active)",
    "noise": DIM,
}


def with_base(changes: list[Change]) -> list[Change]:
    """The changes that are a share of something."""
    return [change for change in changes if change.interval and change.base]


def changes_as_forest(changes: list[Change]) -> Chart:
    """Each change as a share of its base, with its interval; of `changes`, each has a base."""
    rows = [_row(change) for change in sorted(changes, key=rank)]
    reach = min(_FARTHEST, 1.05 * max(max(abs(row["low"]), abs(row["high"])) for row in rows))
    scale = {"domain": [-reach, reach], "nice": False, "clamp": True}
    zero_without_sign = "datum.value ? datum.label : '0 %'"
    axis = {"format": "+.0%", "labelExpr": zero_without_sign, "grid": True, "tickCount": 8, "labelOverlap": True}
    colours = {"domain": list(_COLOURS), "range": list(_COLOURS.values())}
    shared = {
        "y": field("figure:N", sort=None, title=None, axis={"ticks": False, "domain": False, "labelLimit": 260}),
        "color": field("judged:N", legend=None, scale=colours),
        "tooltip": [field(f"{name}:N") for name in ("figure", "change", "interval", "judged")],
    }
    zero = mark("rule", {"x": field("zero:Q", scale=scale, title=None)}, color=INK)
    x = field("low:Q", scale=scale, axis=axis, title="change, as a share of the base’s value")
    spans = mark("rule", {**shared, "x": x, "x2": field("high")}, strokeWidth=2)
    within = {"filter": f"abs(datum.relative) <= {reach}"}
    point = {**shared, "x": field("relative:Q", scale=scale)}
    points = mark("point", point, transform=[within], filled=True, size=60, opacity=1)
    layers = [on([{"zero": 0}], zero), spans, points, *(_beyond(shared, scale, reach, sign) for sign in (1, -1))]
    return chart(layers, rows, description="Changes with their intervals", height=18 * len(rows))


def _beyond(shared: Spec, scale: Spec, reach: float, sign: int) -> Spec:
    """An arrow at one edge for each change or interval that goes on beyond it, with the change if that is beyond, too."""
    bound = "high" if sign > 0 else "low"
    arrow, align = ("▸", "right") if sign > 0 else ("◂", "left")
    value = f"abs(datum.relative) > {reach} && datum.relative * {sign} > 0"
    text = (
        f"format(datum.relative, '+,.0%') + ' {arrow}'" if sign > 0 else f"'{arrow} ' + format(datum.relative, '+,.0%')"
    )
    return mark(
        "text",
        {**shared, "x": field("edge:Q", scale=scale), "text": field("beyond:N")},
        transform=[
            {"filter": f"datum.{bound} * {sign} > {reach}"},
            {"calculate": str(sign * reach), "as": "edge"},
            {"calculate": f"{value} ? {text} : '{arrow}'", "as": "beyond"},
        ],
        align=align,
        baseline="bottom",
        fontWeight="bold",
        dy=-1,
    )


def most_changed(comparison: Comparison) -> list[Change]:
    """The figures that changed, regressions first: those whose course is drawn."""
    found = (change for change in comparison.changes if change.judged not in ("noise", "unknown"))
    return sorted(found, key=rank)[:MOST_COURSES]


def _row(change: Change) -> dict[str, Any]:
    assert change.base
    assert change.interval
    low, high = (bound / abs(change.base) for bound in change.interval)
    return {
        "figure": change.figure,
        "relative": round(change.relative or 0.0, 5),
        "low": round(low, 5),
        "high": round(high, 5),
        "judged": change.judged,
        "change": shown_change(change),
        "interval": shown_interval(change),
    }


def course(change: Change, seconds: float) -> Chart:
    """One figure's course in both runs."""
    scale, title = {Unit.SECONDS: (1000, "ms"), Unit.SHARE: (100, "%"), Unit.COUNT: (1, "")}[change.about.unit]
    t = np.arange(COLUMNS) * seconds / COLUMNS
    frame = pd.concat(
        pd.DataFrame({"t": t, "run": name, "v": values * scale})
        for name, values in zip(("BASE", "RUN"), change.course, strict=True)
    ).dropna()
    colours = {"domain": ["BASE", "RUN"], "range": ["var(--neutral)", "var(--active)"]}
    line = mark(
        "line",
        {
            "x": time("t", seconds),
            "y": height("v", title, scale={"zero": True}),
            "color": field("run:N", legend=None, scale=colours),
            "tooltip": [field("run:N"), moment(), field("v:Q", title=title or "value", format=".4~g")],
        },
        clip=True,
        interpolate="step-after",
        strokeWidth=2,
    )
    rows = rows_of(milliseconds(frame.round(4), "t"))
    return over_time(line, rows=rows, end=seconds, height=90, description=f"{change.figure} over time in both runs")
