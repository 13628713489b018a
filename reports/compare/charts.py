"""The charts of a comparison: all changes with their intervals, and the course of what changed in both runs."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from loadtests.model.gates.gates import Unit
from reports.compare.comparison import COLUMNS, Change, Comparison
from reports.compare.wording import shown_change, shown_interval
from reports.page.timechart import height, milliseconds, moment, over_time, time
from reports.page.vegalite import DIM, INK, Chart, chart, field, mark, on, rows_of

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
    rows = [_row(change) for change in changes]
    reach = min(_FARTHEST, 1.05 * max(max(abs(row["low"]), abs(row["high"])) for row in rows))
    scale = {"domain": [-reach, reach], "nice": False, "clamp": True}
    axis = {"format": "+.0%", "grid": True, "tickCount": 8, "labelOverlap": True}
    colours = {"domain": list(_COLOURS), "range": list(_COLOURS.values())}
    shared = {
        "y": field("figure:N", sort=None, title=None, axis={"ticks": False, "domain": False, "labelLimit": 260}),
        "color": field("judged:N", legend=None, scale=colours),
        "tooltip": [field(f"{name}:N") for name in ("figure", "change", "interval", "judged")],
    }
    zero = mark("rule", {"x": field("zero:Q", scale=scale, title=None)}, color=INK)
    x = field("low:Q", scale=scale, axis=axis, title="change, as a share of the base’s value")
    spans = mark("rule", {**shared, "x": x, "x2": field("high")}, strokeWidth=2)
    points = mark("point", {**shared, "x": field("relative:Q", scale=scale)}, filled=True, size=60, opacity=1)
    layers = [on([{"zero": 0}], zero), spans, points]
    return chart(layers, rows, description="Changes with their intervals", height=18 * len(rows))


def most_changed(comparison: Comparison) -> list[Change]:
    """The figures that changed, regressions first: those whose course is drawn."""
    ranks = {"regression": 0, "worse": 1, "better": 2, "changed": 3}
    found = sorted((c for c in comparison.changes if c.judged in ranks), key=lambda change: ranks[change.judged])
    return found[:MOST_COURSES]


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
