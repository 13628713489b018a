"""The report's charts, in Vega-Lite."""

from __future__ import annotations

from itertools import cycle
from typing import Any

import numpy as np
import pandas as pd

from loadtests.model.text.palette import fill
from reports.analysis.generator import GeneratorHealth
from reports.analysis.hits import Hits
from reports.analysis.keepalive import KeepAlives
from reports.analysis.percentiles import Percentiles
from reports.analysis.slots import HOLDERS, Slots
from reports.charts.timechart import height, milliseconds, moment, over_time, time
from reports.charts.vegalite import (
    DIM,
    INK,
    RULE,
    Chart,
    NothingToDrawError,
    Spec,
    chart,
    expression,
    field,
    mark,
    on,
    rows_of,
    text_over_marks,
)
from reports.log.time_columns import COLUMNS_ON_SCREEN, column_seconds
from reports.page.stages import StageSpan

_LIMIT, _FAIL, _BAND = "var(--limit)", "var(--fail)", "var(--band)"
_OF_PROFILES = ("active", "closing", "stop-failed", "others", "quiet", "capped", "dropped")
_SAME_SECONDS = 1e-6
"""Times that differ by less are the same."""
_BARS = 200
"""Columns of the chart of hits: wide enough for a pointer."""
_MOST_TICKS = 1000
"""Of more hits, those of a column have one tick."""
_ROOM = 0.85
"""A bar that ends after this share of the run has no room for a label behind it."""


def sessions_over_time(slots: Slots, hits: Hits, limit: int | None, stages: list[StageSpan], end: float) -> Chart:
    """The most sessions at once in each column, stacked by holder, and the least; the limit, the hits, the worst episode."""
    totals = slots.totals
    holders: list[Any] = [holder for holder in HOLDERS if totals[holder].any()]
    frame = totals[[*holders, "least", "most"]].assign(t=totals.index * slots.width)
    frame = frame.assign(until=frame["t"] + slots.width)
    top = max(float(slots.peak), float(limit or 0)) * 1.25 + 0.5
    scale = {"domain": [0, top], "nice": False}
    y = height("held", "sessions", stack="zero", scale=scale, axis={"tickCount": 5, "tickMinStep": 1})
    areas = mark(
        "area",
        {"x": time("t", end), "y": y, "color": _holder_colour(), "order": field("order:Q")},
        transform=[
            {"fold": holders, "as": ["holder", "held"]},
            {"calculate": f"indexof({list(HOLDERS)}, datum.holder)", "as": "order"},
        ],
        interpolate="step-after",
        clip=True,
    )
    # One tooltip for all holders, wherever in the column the pointer is.
    tooltip = [moment(), *(field(f"{name}:Q") for name in (*holders, "most", "least"))]
    columns = mark("rect", {"x": time("t", end), "x2": field("until"), "tooltip": tooltip}, opacity=0, clip=True)
    line: dict[str, Any] = {"color": INK, "strokeWidth": 1, "opacity": 0.6, "interpolate": "step-after", "clip": True}
    least = mark("line", {"x": time("t", end), "y": field("least:Q")}, **line)
    return over_time(
        *_worst_episode(hits, slots.width, end),
        areas,
        least,
        *_hit_ticks(hits, top, slots.width, end),
        *_limit_layers(limit),
        *_stage_layers(stages, top, end),
        columns,
        rows=rows_of(milliseconds(frame, "t", "until")),
        end=end,
        height=290,
        description="Sessions over time by who held the slot, against the limit",
    )


def hits_over_time(hits: Hits, end: float) -> Chart:
    """Refused attempts in each column: later attempts are stacked on first ones."""
    width = max(end, 1.0) / _BARS
    counted = hits.times.assign(
        t=(hits.times["t"] // width) * width, attempt=np.where(hits.times["attempt"] == 1, "first", "again")
    )
    counts = (
        counted.groupby(["t", "attempt"]).size().unstack(fill_value=0).reindex(columns=["first", "again"], fill_value=0)
    )
    frame = counts.assign(all=counts.sum(axis=1), none=0).reset_index()
    y: dict[str, Any] = {"title": "refused", "axis": {"tickMinStep": 1}}
    tooltip = [moment(title="from"), moment("until", "to"), field("first:Q"), field("again:Q", title="later")]
    first, again = (
        mark(
            "rect",
            {
                "x": time("t", end),
                "x2": field("until"),
                "y": height(low, **y),
                "y2": field(high),
                "tooltip": tooltip,
            },
            clip=True,
            color=colour,
            minBandSize=2,
        )
        for low, high, colour in (("none", "first", fill("first")), ("first", "all", fill("again")))
    )
    rows = rows_of(milliseconds(frame.assign(until=frame["t"] + width), "t", "until"))
    return over_time(first, again, rows=rows, end=end, height=70, description="Concurrency hits over time")


def margins_over_time(keep_alives: KeepAlives, end: float) -> Chart:
    """The least, the mean and the greatest margin of the keep-alives of each column."""
    margin = keep_alives.margin
    if margin.min == margin.max:
        which = "Every margin" if margin.n > 1 else "The only margin"
        raise NothingToDrawError(f"{which} was {{keep_alive/margin/max:duration}}.")
    frame = keep_alives.over_time.assign(until=keep_alives.over_time["t"] + column_seconds(end))
    titles = {"low": "least (s)", "mean": "mean (s)", "high": "most (s)"}
    tooltip = [
        moment(),
        *(field(f"{column}:Q", title=title, format=".2f") for column, title in titles.items()),
        field("n:Q", title="keep-alives"),
    ]
    layers = _band(end, ("low", "high", "mean"), "seconds", tooltip)
    if float(frame["low"].min()) < 0:
        layers.append(on([{"zero": 0}], mark("rule", {"y": field("zero:Q")}, color=_FAIL, size=1.5)))
    rows = rows_of(milliseconds(frame.round(3), "t", "until"))
    return over_time(*layers, rows=rows, end=end, height=130, description="Margins of keep-alives over time")


def margins_by_size(keep_alives: KeepAlives) -> Chart:
    """The distribution of the margins of keep-alives, by profile."""
    width = float(keep_alives.margins["width"].iloc[0])
    frame = keep_alives.margins.assign(high=lambda rows: rows["low"] + width)[["profile", "low", "high", "n"]]
    legend = {"title": None, "orient": "top", "columns": expression("max(1, floor(width / 140))")}
    shown = mark(
        "bar",
        {
            "x": field("low:Q", title="margin in seconds", bin="binned", axis={"grid": False}),
            "x2": field("high"),
            "y": height("n", "keep-alives", stack="zero"),
            "color": field("profile:N", legend=legend, scale=_profile_colours(frame["profile"])),
            "tooltip": [field("profile:N"), *(field(f"{name}:Q") for name in ("low", "high", "n"))],
        },
    )
    return chart([shown], rows_of(frame.round(4)), description="Margins of keep-alives by profile", height=130)


def _profile_colours(profiles: pd.Series[str]) -> Spec:
    """A profile with a holder's name has that holder's colour; no other has, nor has one the colour of leaks."""
    names = list(dict.fromkeys(profiles))
    free = [name for name in _OF_PROFILES if name not in names]
    own = dict(zip((name for name in names if name not in HOLDERS), cycle(free), strict=False))
    return {"domain": names, "range": [f"var(--{own.get(name, name)})" for name in names]}


def latency_over_time(kind: str, whole: Percentiles, latency: pd.DataFrame, end: float) -> Chart:
    """The median and the 99th percentile of one operation's latency in each column; `whole`: its latency over the run."""
    if latency.empty:
        raise NothingToDrawError("No call was answered.")
    if (whole.max or 0.0) - (whole.min or 0.0) < _SAME_SECONDS:
        which = f"Each of the {{latency/{kind}/n:count:call}}" if whole.n > 1 else "The only call"
        raise NothingToDrawError(f"{which} took {{latency/{kind}/max:duration}}.")
    percentiles = (field(f"{name}:Q", title=f"{name} (ms)", format=".1f") for name in ("p50", "p99"))
    tooltip = [moment(), *percentiles, field("n:Q", title="calls")]
    layers = _band(end, ("p50", "p99", "p50"), "ms", tooltip)
    rows = rows_of(_latency_columns(latency))
    return over_time(*layers, rows=rows, end=end, height=64, description="Latency over time")


def _latency_columns(own: pd.DataFrame) -> pd.DataFrame:
    frame = own.assign(p50=own["p50"] * 1000, p99=own["p99"] * 1000)
    return milliseconds(frame[["t", "until", "n", "p50", "p99"]].round(2), "t", "until")


def loop_delays(generator: GeneratorHealth, end: float) -> Chart:
    """How late the generator's loop was."""
    if float(generator.delays["delay"].max()) < _SAME_SECONDS:
        raise NothingToDrawError("The event loop was never late.")
    frame = generator.delays.assign(delay=generator.delays["delay"] * 1000).round({"delay": 3})
    line = mark(
        "line",
        {
            "x": time("t", end),
            "y": height("delay", "ms"),
            "tooltip": [moment(), field("delay:Q", title="delay (ms)", format=".2f")],
        },
        color=DIM,
        strokeWidth=1.5,
        clip=True,
    )
    rows = rows_of(milliseconds(frame, "t"))
    return over_time(line, rows=rows, end=end, height=90, description="Longest delay of the generator's loop over time")


def _band(end: float, fields: tuple[str, str, str], title: str, tooltip: list[Spec]) -> list[Spec]:
    """From the first field to the second in each column, and a stroke at the third."""
    low, high, middle = fields
    band = mark(
        "rect",
        {
            "x": time("t", end),
            "x2": field("until"),
            "y": height(low, title, scale={"zero": True}),
            "y2": field(high),
            "tooltip": tooltip,
        },
        color=_BAND,
        clip=True,
        minBandSize=2,
    )
    stroke = mark(
        "tick",
        {"x": time("t", end), "y": field(f"{middle}:Q"), "tooltip": tooltip},
        color=INK,
        orient="horizontal",
        thickness=2.5,
        # A width of its own in pixels: a single value in a narrow column must be visible, too.
        size=expression(f"max(4, width / {COLUMNS_ON_SCREEN})"),
        opacity=1,
        clip=True,
    )
    return [band, stroke]


def _limit_layers(limit: int | None) -> list[Spec]:
    if not limit:
        return []
    y, rows = field("limit:Q"), [{"limit": limit}]
    label: dict[str, Any] = {
        "text": f"limit {limit}",
        "align": "right",
        "baseline": "bottom",
        "dx": -4,
        "dy": -3,
        "color": _LIMIT,
        "fontWeight": "bold",
    }
    at = {"y": y, "x": {"value": expression("width")}}
    return [
        on(rows, mark("rule", {"y": y}, color=_LIMIT, strokeDash=[6, 3], size=2)),
        *(on(rows, layer) for layer in text_over_marks(at, **label)),
    ]


def _worst_episode(hits: Hits, width: float, end: float) -> list[Spec]:
    """Its time as a shade behind the sessions, at least as wide as a column."""
    worst = hits.worst_episode
    if worst is None:
        return []
    rows = rows_of(milliseconds(pd.DataFrame({"low": [worst["low"]], "high": [worst["high"]]}), "low", "high"))
    rows[0]["high"] = max(rows[0]["high"], rows[0]["low"] + round(1000 * width))
    return [on(rows, mark("rect", {"x": time("low", end), "x2": field("high")}, color=_LIMIT, opacity=0.16, clip=True))]


def _hit_ticks(hits: Hits, top: float, width: float, end: float) -> list[Spec]:
    """A tick for each hit, or for each column with hits where there are many."""
    if not hits.count:
        return []
    times = hits.times["t"] if hits.count <= _MOST_TICKS else ((hits.times["t"] // width + 0.5) * width)
    ticks = pd.DataFrame({"t": times.drop_duplicates(), "low": top * 0.96, "high": top})
    rule = mark("rule", {"x": time("t", end), "y": field("low:Q"), "y2": field("high")}, color=_FAIL, size=1, clip=True)
    return [on(rows_of(milliseconds(ticks, "t")), rule)]


def _stage_layers(stages: list[StageSpan], top: float, end: float) -> list[Spec]:
    if len(stages) < 2:
        return []
    rows = rows_of(milliseconds(pd.DataFrame([stage._asdict() for stage in stages]), "low", "high").assign(top=top))
    # A name that is wider than its stage on the screen is left out until the reader zooms in.
    room = "(min(datum.high, high) - max(datum.low, low)) / (high - low) * width > 6.5 * length(datum.name) + 8"
    name = mark(
        "text",
        {"x": time("seen", end), "y": field("top:Q"), "text": field("name:N")},
        transform=[{"calculate": "max(datum.low, low)", "as": "seen"}],
        align="left",
        baseline="top",
        dx=4,
        # Below the ticks of the hits.
        dy=13,
        color=DIM,
        clip=True,
        opacity=expression(f"{room} ? 1 : 0"),
    )
    return [on(rows, mark("rule", {"x": time("low", end)}, color=RULE, strokeDash=[2, 2], clip=True)), on(rows, name)]


def _holder_colour() -> Spec:
    scale = {"domain": list(HOLDERS), "range": [fill(holder) for holder in HOLDERS]}
    return field("holder:N", legend=None, scale=scale, sort=list(HOLDERS))
