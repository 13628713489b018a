"""The charts of a watch: open sessions against the limit, their ages, and how many were opened and closed."""

from __future__ import annotations

from typing import Any

import pandas as pd

from loadtests.model.text.palette import fill
from reports.charts.timechart import height, milliseconds, moment, over_time, time
from reports.charts.vegalite import (
    DIM,
    INK,
    Chart,
    NothingToDrawError,
    Spec,
    expression,
    field,
    mark,
    on,
    rows_of,
    text_over_marks,
)
from reports.watch.account import WatchedAccount

_LIMIT = "var(--limit)"
_OPEN = "open sessions"


def open_over_time(account: WatchedAccount, limit: int | None, end: float) -> Chart:
    """Open sessions against the limit."""
    frame = _columns(account, end)
    top = max(float(account.peak or 0), float(limit or 0)) * 1.25 + 0.5
    scale = {"domain": [0, top], "nice": False}
    y = height("open", "sessions", scale=scale, axis={"tickCount": 5, "tickMinStep": 1})
    # The picture of the chart, for a ticket, takes its key from this scale.
    colour = field("name:N", legend=None, scale={"domain": [_OPEN], "range": [fill("others")]})
    area = mark("area", {"x": time("t", end), "y": y, "color": colour}, interpolate="step-after", clip=True)
    tooltip = [moment(), field("open:Q", title="most open"), *_ages_shown()]
    columns = mark("rect", {"x": time("t", end), "x2": field("until"), "tooltip": tooltip}, opacity=0, clip=True)
    return over_time(
        area,
        *rule_at(limit, f"limit {limit}"),
        columns,
        rows=rows_of(frame.assign(name=_OPEN)),
        end=end,
        height=230,
        description="Open sessions over time, against the limit",
    )


def ages_over_time(account: WatchedAccount, end: float) -> Chart:
    """The oldest and the median age, against the idle timeout and the cap."""
    if account.course["oldest"].isna().all():
        raise NothingToDrawError("No session was open.")
    frame = _columns(account, end)
    line: dict[str, Any] = {"interpolate": "linear", "strokeWidth": 1.5, "clip": True}
    oldest = mark("line", {"x": time("t", end), "y": height("oldest", "seconds")}, color=INK, **line)
    median = mark("line", {"x": time("t", end), "y": height("median", "seconds")}, color=DIM, strokeDash=[4, 2], **line)
    columns = mark(
        "rect", {"x": time("t", end), "x2": field("until"), "tooltip": [moment(), *_ages_shown()]}, opacity=0
    )
    terms, top = account.terms, float(account.course["oldest"].max())
    # A line far above the ages would press them flat.
    rules = [
        layer
        for value, label in ((terms.idle, "idle timeout"), (terms.cap, "cap"))
        if value and value < 3 * top
        for layer in rule_at(value, label)
    ]
    description = "Ages of the open sessions: the oldest, and the median"
    return over_time(oldest, median, *rules, columns, rows=rows_of(frame), end=end, height=150, description=description)


def changes_over_time(account: WatchedAccount, end: float) -> Chart:
    """Sessions opened, above the line, and closed, below it."""
    if not account.opened and not account.closed:
        raise NothingToDrawError("No session was opened or closed.")
    frame = _columns(account, end).assign(none=0)
    frame["down"] = -frame["closed"]
    tooltip = [moment(title="until"), field("opened:Q"), field("closed:Q")]
    bars = [
        mark(
            "rect",
            {
                "x": time("since", end),
                "x2": field("t"),
                "y": height("none", "sessions", axis={"tickMinStep": 1}),
                "y2": field(column),
                "tooltip": tooltip,
            },
            color=fill(colour),
            clip=True,
            minBandSize=2,
        )
        for column, colour in (("opened", "active"), ("down", "closing"))
    ]
    return over_time(
        *bars, rows=rows_of(frame), end=end, height=110, description="Sessions opened and closed over time"
    )


def rule_at(value: float | None, label: str) -> list[Spec]:
    """A line across the chart, with its name."""
    if not value:
        return []
    y, rows = field("rule:Q"), [{"rule": value}]
    at = {"y": y, "x": {"value": expression("width")}}
    style: dict[str, Any] = {"align": "right", "baseline": "bottom", "dx": -4, "dy": -3, "fontWeight": "bold"}
    return [
        on(rows, mark("rule", {"y": y}, color=_LIMIT, strokeDash=[6, 3], size=2)),
        *(on(rows, layer) for layer in text_over_marks(at, text=label, color=_LIMIT, **style)),
    ]


def _ages_shown() -> list[Spec]:
    titles = (("oldest", "oldest (s)"), ("median", "median age (s)"))
    return [field(f"{name}:Q", title=title, format=",.0f") for name, title in titles]


def _columns(account: WatchedAccount, end: float) -> pd.DataFrame:
    course = account.course
    if course.empty:
        raise NothingToDrawError("The list could not be read.")
    frame = course.assign(until=course["t"].shift(-1).fillna(end), since=course["t"].shift(1).fillna(0.0))
    return milliseconds(frame.round({"oldest": 1, "median": 1}), "t", "until", "since")
