"""The charts of a comparison: all changes with their intervals, and the course of what changed in both runs."""

from __future__ import annotations

from typing import Any

import altair as alt
import numpy as np
import pandas as pd

from loadtests.model.gates.gates import Unit
from reports.compare.comparison import COLUMNS, Change, Comparison
from reports.compare.wording import said_change, said_interval
from reports.page.timechart import DIM, INK, Spec, compiled, height, milliseconds, moment, over_time, time

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


def changes_as_forest(changes: list[Change]) -> Spec | None:
    """Each change as a share of its base, with its interval. None: there is none that has a base."""
    rows = [_row(change) for change in changes if change.interval and change.base]
    if not rows:
        return None
    reach = min(_FARTHEST, 1.05 * max(max(abs(row["low"]), abs(row["high"])) for row in rows))
    frame = pd.DataFrame(rows)
    scale = alt.Scale(domain=[-reach, reach], nice=False, clamp=True)
    axis = alt.Axis(format="+.0%", grid=True, tickCount=8, labelOverlap=True)
    names = alt.Y("figure:N", sort=None, title=None, axis=alt.Axis(ticks=False, domain=False, labelLimit=260))
    colour = alt.Color("judged:N", legend=None, scale=alt.Scale(domain=list(_COLOURS), range=list(_COLOURS.values())))
    tooltip = [alt.Tooltip(f"{name}:N") for name in ("figure", "change", "interval", "judged")]
    base = alt.Chart(frame).encode(y=names, color=colour, tooltip=tooltip)
    zero = (
        alt.Chart(pd.DataFrame({"zero": [0]})).mark_rule(color=INK).encode(x=alt.X("zero:Q", scale=scale, title=None))
    )
    x = alt.X("low:Q", scale=scale, axis=axis, title="change, as a share of the base’s value")
    spans = base.mark_rule(strokeWidth=2).encode(x=x, x2="high:Q")
    points = base.mark_point(filled=True, size=60, opacity=1).encode(x=alt.X("relative:Q", scale=scale))
    return compiled(alt.layer(zero, spans, points), "Changes with their intervals", 18 * len(rows))


def courses(comparison: Comparison) -> dict[str, Spec]:
    """By figure, its course in both runs: of the figures that changed, regressions first."""
    ranks = {"regression": 0, "worse": 1, "better": 2, "changed": 3}
    found = sorted((c for c in comparison.changes if c.judged in ranks), key=lambda change: ranks[change.judged])
    return {change.figure: _course(change, comparison.seconds) for change in found[:MOST_COURSES]}


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
        "change": said_change(change),
        "interval": said_interval(change),
    }


def _course(change: Change, seconds: float) -> Spec:
    scale, title = {Unit.SECONDS: (1000, "ms"), Unit.SHARE: (100, "%"), Unit.COUNT: (1, "")}[change.about.unit]
    t = np.arange(COLUMNS) * seconds / COLUMNS
    frame = pd.concat(
        pd.DataFrame({"t": t, "run": name, "v": values * scale})
        for name, values in zip(("BASE", "RUN"), change.course, strict=True)
    ).dropna()
    colour = alt.Color(
        "run:N", legend=None, scale=alt.Scale(domain=["BASE", "RUN"], range=["var(--neutral)", "var(--active)"])
    )
    line = (
        alt.Chart(milliseconds(frame.round(4), "t"))
        .mark_line(clip=True, interpolate="step-after", strokeWidth=2)
        .encode(
            x=time("t", seconds),
            y=height("v", title, scale=alt.Scale(zero=True)),
            color=colour,
            tooltip=[alt.Tooltip("run:N"), moment(), alt.Tooltip("v:Q", title=title or "value", format=".4~g")],
        )
    )
    return over_time(line, end=seconds, height=90, description=f"{change.figure} over time in both runs")
