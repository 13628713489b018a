"""The chart of the worst leaked sessions, each a bar from its opening to its end.

Over the run's time, as long as the bars can be seen there; in a long run over the time since each session was opened.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from loadtests.model.text.palette import fill
from loadtests.model.text.units import format_clock
from reports.charts.timechart import AXIS_WIDTH, milliseconds, moment, over_time, time
from reports.charts.vegalite import DIM, INK, Chart, Spec, chart, field, mark, rows_of, text_over_marks
from reports.page.gantt import bars

_LABEL = "6 * length(datum.label) + 12"
_BEHIND = f"(high - datum.last) / (high - low) * width >= {_LABEL}"
_BEFORE = f"(datum.opened - low) / (high - low) * width >= {_LABEL}"
"""Whether there is room for a bar's label behind it, and before it, at the page's width and in its window."""
_LEAST_SHARE = 0.02
"""Of the run: where half of the bars are shorter, they cannot be seen over its time."""
_ROW = 15
_SINCE = (
    "datum.value >= 3600 ? format(datum.value / 3600, '~r') + ' h'"
    " : datum.value >= 60 ? format(datum.value / 60, '~r') + ' min' : datum.value + ' s'"
)
_STEPS = (0, 10, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200, 14400, 28800, 57600, 115200, 230400, 460800)


def is_over_time(leaks: pd.DataFrame, end: float) -> bool:
    """Whether the bars are long enough to be seen over the run's time."""
    lengths = [bar["ended"] - bar["opened"] for bar in bars(leaks, end)]
    return bool(np.median(lengths) >= _LEAST_SHARE * end)


def leaks_as_gantt(leaks: pd.DataFrame, end: float) -> Chart:
    """The worst leaks: used, left, due, ended."""
    rows = pd.DataFrame(bars(leaks, end))
    rows["label"] = rows["way"] + np.where(rows["is_open"], ", still open", "")
    return _over_the_run(rows, end) if is_over_time(leaks, end) else _since_opened(rows)


def _shared(name: str, **axis: Any) -> dict[str, Any]:
    look = {"ticks": False, "domain": False, **axis}
    return {
        "y": field(name, sort=None, title=None, axis=look),
        "tooltip": [
            *(field(f"{name}:N") for name in ("session", "way", "fate")),
            *(moment(name, name) for name in ("opened", "left", "ended")),
            moment("due_low", "due"),
        ],
    }


def _over_the_run(rows: pd.DataFrame, end: float) -> Chart:
    # The key above the chart says that the numbers are those of sessions: a title would not fit beside one row.
    shared = _shared("session:O", minExtent=AXIS_WIDTH, maxExtent=AXIS_WIDTH)

    def labelled(at: str, test: str, **style: Any) -> list[Spec]:
        return text_over_marks(
            {**shared, "x": time(at, end), "text": field("label:N")},
            transform=[{"filter": test}],
            **{"baseline": "middle", "color": DIM, "fontSize": 10, "clip": True, **style},
        )

    layers = [
        mark(
            "bar", {**shared, "x": time("opened", end), "x2": field("left")}, clip=True, height=9, color=fill("active")
        ),
        mark(
            "bar", {**shared, "x": time("left", end), "x2": field("ended")}, clip=True, height=9, color=fill("leaked")
        ),
        mark(
            "rule", {**shared, "x": time("due_low", end), "x2": field("due_high")}, clip=True, strokeWidth=2, color=INK
        ),
        mark("tick", {**shared, "x": time("due_low", end)}, thickness=2, size=13, color=INK, clip=True),
        # The way of leaving stands behind the bar and the due mark where there is room, else before it, else on it.
        *labelled("last", _BEHIND, align="left", dx=6),
        *labelled("opened", f"!({_BEHIND}) && {_BEFORE}", align="right", dx=-6),
        *labelled("opened", f"!({_BEHIND}) && !({_BEFORE})", align="left", dx=6, color=INK),
    ]
    drawn = rows_of(milliseconds(rows, "opened", "left", "due_low", "due_high", "ended", "last"))
    return over_time(
        *layers, rows=drawn, end=end, height=_ROW * len(rows) + 6, description="Leaked sessions from open to end"
    )


def _since_opened(rows: pd.DataFrame) -> Chart:
    since = {f"{name}_since": rows[name] - rows["opened"] for name in ("left", "due_low", "due_high", "ended", "last")}
    frame = rows.assign(
        **since,
        none=0,
        row=[
            f"{session} at {format_clock(opened)}"
            for session, opened in zip(rows["session"], rows["opened"], strict=True)
        ],
    )
    top = 1.15 * float(frame["last_since"].max())
    shared = _shared("row:N", labelLimit=200)

    def x(name: str) -> Spec:
        scale = {"type": "sqrt", "domain": [0, top], "nice": False}
        axis = {
            "values": [step for step in _STEPS if step <= top],
            "labelExpr": _SINCE,
            "grid": True,
            "labelOverlap": True,
        }
        return field(f"{name}:Q", scale=scale, axis=axis, title="since the session was opened (square-root scale)")

    layers = [
        mark("bar", {**shared, "x": x("none"), "x2": field("left_since")}, height=9, color=fill("active")),
        mark("bar", {**shared, "x": x("left_since"), "x2": field("ended_since")}, height=9, color=fill("leaked")),
        mark("rule", {**shared, "x": x("due_low_since"), "x2": field("due_high_since")}, strokeWidth=2, color=INK),
        mark("tick", {**shared, "x": x("due_low_since")}, thickness=2, size=13, color=INK),
        *text_over_marks(
            {**shared, "x": x("last_since"), "text": field("label:N")},
            align="left",
            dx=6,
            baseline="middle",
            color=DIM,
            fontSize=10,
        ),
    ]
    drawn = rows_of(milliseconds(frame, "opened", "left", "due_low", "due_high", "ended").round(3))
    return chart(layers, drawn, description="Leaked sessions from open to end", height=_ROW * len(rows) + 6)
