"""The report's charts: written as Vega-Lite, kept as Vega, drawn in the page by the library out of the installed package."""

from __future__ import annotations

from typing import Any

import altair as alt
import numpy as np
import pandas as pd

from reports.analysis.generator import GeneratorHealth
from reports.analysis.hits import Hits
from reports.analysis.keepalive import KeepAlives
from reports.analysis.slots import HOLDERS, Slots
from reports.log.time_columns import COLUMNS_ON_SCREEN, column_seconds
from reports.page.gantt import bars
from reports.page.stages import StageSpan
from reports.page.timechart import (
    AXIS_WIDTH,
    DIM,
    INK,
    RULE,
    Spec,
    compiled,
    filled,
    height,
    milliseconds,
    moment,
    over_time,
    time,
)

_LIMIT, _FAIL = "var(--limit)", "var(--fail)"
_FIRST, _AGAIN = "var(--limit)", "var(--again)"
_BARS = 200
"""Columns of the chart of hits: wide enough to be pointed at."""
_ROOM = 0.85
"""A bar that ends after this share of the run has no room for words behind it."""


def colour_of(holder: str) -> str:
    """A holder's colour, as the page has it."""
    return f"var(--{holder})"


def sessions_over_time(slots: Slots, limit: int | None, stages: list[StageSpan], end: float) -> Spec:
    """Sessions by holder, stacked, against the limit."""
    held = slots.curve.pivot(index="i", columns="holder", values="mean").fillna(0.0)
    held = held.reindex(range(int(held.index.max()) + 1), fill_value=0.0)
    holders: list[Any] = [holder for holder in HOLDERS if holder in held and held[holder].sum() > 0]
    frame = held[holders].round(3).assign(t=held.index * slots.width, until=(held.index + 1) * slots.width)
    base = alt.Chart(milliseconds(frame, "t", "until"))
    top = max(float(slots.peak), float(limit or 0)) * 1.15 + 0.5
    scale = alt.Scale(domain=[0, top], nice=False)
    y = height("held", "sessions", stack="zero", scale=scale, axis={"tickCount": 5, "tickMinStep": 1})
    areas = (
        base.transform_fold(holders, as_=["holder", "held"])
        .transform_calculate(order=f"indexof({list(HOLDERS)}, datum.holder)")
        .mark_area(interpolate="step-after", clip=True)
        .encode(x=time("t", end), y=y, color=_holder_colour(), order="order:Q")
    )
    # Who held what is told for each moment at once, wherever in the column the pointer is.
    told = base.mark_rect(opacity=0, clip=True).encode(
        x=time("t", end),
        x2="until:T",
        tooltip=[moment(), *(alt.Tooltip(f"{name}:Q", format=".1f") for name in holders)],
    )
    return over_time(
        areas,
        *_limit_layers(limit),
        *_stage_layers(stages, top, end),
        told,
        end=end,
        height=260,
        description="Sessions over time by who held the slot, against the limit",
    )


def hits_over_time(hits: Hits, end: float) -> Spec:
    """Refused attempts in each column: later ones stand on the first."""
    width = max(end, 1.0) / _BARS
    counted = hits.times.assign(
        t=(hits.times["t"] // width) * width, attempt=np.where(hits.times["attempt"] == 1, "first", "again")
    )
    counts = (
        counted.groupby(["t", "attempt"]).size().unstack(fill_value=0).reindex(columns=["first", "again"], fill_value=0)
    )
    frame = counts.assign(all=counts.sum(axis=1), none=0).reset_index()
    base = alt.Chart(milliseconds(frame.assign(until=frame["t"] + width), "t", "until"))
    y: dict[str, Any] = {"title": "refused", "axis": {"tickMinStep": 1, "format": "d"}}
    tooltip = [
        moment(title="from"),
        moment("until", "to"),
        alt.Tooltip("first:Q"),
        alt.Tooltip("again:Q", title="later"),
    ]
    first, again = (
        base.mark_rect(clip=True, color=colour, minBandSize=2).encode(
            x=time("t", end), x2="until:T", y=height(low, **y), y2=f"{high}:Q", tooltip=tooltip
        )
        for low, high, colour in (("none", "first", _FIRST), ("first", "all", _AGAIN))
    )
    return over_time(first, again, end=end, height=70, description="Concurrency hits over time")


def leaks_as_gantt(sessions: pd.DataFrame, end: float) -> Spec:
    """The worst leaks: used, left, due, ended."""
    rows = pd.DataFrame(bars(sessions, end))
    rows["said"] = rows["way"] + np.where(rows["is_open"], ", still open", "")
    base = alt.Chart(milliseconds(rows, "opened", "left", "due_low", "due_high", "ended", "last"))
    axis = alt.Axis(ticks=False, domain=False, minExtent=AXIS_WIDTH, maxExtent=AXIS_WIDTH, titlePadding=2)
    tooltip = [
        *(alt.Tooltip(f"{name}:N") for name in ("session", "way", "fate")),
        *(moment(name, name) for name in ("opened", "left", "ended")),
        moment("due_low", "due"),
    ]
    base = base.encode(y=alt.Y("session:O", sort=None, title="session", axis=axis), tooltip=tooltip)
    used = base.mark_bar(height=9, clip=True, color=colour_of("active")).encode(x=time("opened", end), x2="left:T")
    tail = base.mark_bar(height=9, clip=True, color=colour_of("leaked")).encode(x=time("left", end), x2="ended:T")
    due = base.mark_rule(strokeWidth=2, color=INK, clip=True).encode(x=time("due_low", end), x2="due_high:T")
    edge = base.mark_tick(thickness=2, size=13, color=INK, clip=True).encode(x=time("due_low", end))
    # The way of leaving stands behind the bar, where there is room; before it, where there is not.
    said: dict[str, Any] = {"baseline": "middle", "color": DIM, "fontSize": 10, "clip": True}
    behind = base.transform_filter(f"datum.last <= {_ROOM * end * 1000}").mark_text(align="left", dx=6, **said)
    before = base.transform_filter(f"datum.last > {_ROOM * end * 1000}").mark_text(align="right", dx=-6, **said)
    return over_time(
        used,
        tail,
        due,
        edge,
        behind.encode(x=time("last", end), text="said:N"),
        before.encode(x=time("opened", end), text="said:N"),
        end=end,
        height=15 * len(rows) + 6,
        description="Leaked sessions from open to end",
    )


def margins_over_time(keep_alives: KeepAlives, end: float) -> Spec:
    """The least, the mean and the most there was to spare at the keep-alives of each column."""
    frame = keep_alives.over_time.assign(until=keep_alives.over_time["t"] + column_seconds(end))
    base = alt.Chart(milliseconds(frame.round(3), "t", "until"))
    titles = {"low": "least (s)", "mean": "mean (s)", "high": "most (s)"}
    tooltip = [
        moment(),
        *(alt.Tooltip(f"{column}:Q", title=title, format=".2f") for column, title in titles.items()),
        alt.Tooltip("n:Q", title="keep-alives"),
    ]
    layers = _band(base, end, ("low", "high", "mean"), "seconds", tooltip)
    if float(frame["low"].min()) < 0:
        zero = alt.Chart(pd.DataFrame({"zero": [0]})).mark_rule(color=_FAIL, size=1.5)
        layers.append(zero.encode(y="zero:Q"))
    return over_time(*layers, end=end, height=130, description="Margins of keep-alives over time")


def margins_by_size(keep_alives: KeepAlives) -> Spec:
    """How many keep-alives had how much to spare, by profile."""
    width = float(keep_alives.margins["width"].iloc[0])
    frame = keep_alives.margins.assign(high=lambda rows: rows["low"] + width)[["profile", "low", "high", "n"]]
    legend = alt.Legend(title=None, orient="top", columns=alt.ExprRef("max(1, floor(width / 140))"))
    shown = (
        alt.Chart(frame.round(4))
        .mark_bar()
        .encode(
            x=alt.X("low:Q", title="margin in seconds", bin="binned", axis=alt.Axis(grid=False)),
            x2="high:Q",
            y=height("n", "keep-alives", stack="zero"),
            color=alt.Color("profile:N", legend=legend, scale=alt.Scale(scheme="tableau10")),
            tooltip=["profile:N", "low:Q", "high:Q", "n:Q"],
        )
    )
    return compiled(shown, "Margins of keep-alives by profile", 130)


def latency_over_time(latency: pd.DataFrame, end: float) -> dict[str, Spec]:
    """By operation, the median and the 99th percentile of its latency in each column."""
    base = alt.Chart(alt.NamedData("calls"))
    percentiles = (alt.Tooltip(f"{name}:Q", title=f"{name} (ms)", format=".1f") for name in ("p50", "p99"))
    tooltip = [moment(), *percentiles, alt.Tooltip("n:Q", title="calls")]
    layers = _band(base, end, ("p50", "p99", "p50"), "ms", tooltip)
    spec = over_time(*layers, end=end, height=64, description="Latency over time")
    return {str(kind): filled(spec, "calls", _latency_columns(own)) for kind, own in latency.groupby("kind")}


def _latency_columns(own: pd.DataFrame) -> pd.DataFrame:
    frame = own.assign(p50=own["p50"] * 1000, p99=own["p99"] * 1000)
    return milliseconds(frame[["t", "until", "n", "p50", "p99"]].round(2), "t", "until")


def loop_delays(generator: GeneratorHealth, end: float) -> Spec:
    """How late the generator's loop was."""
    frame = generator.delays.assign(delay=generator.delays["delay"] * 1000).round({"delay": 3})
    line = (
        alt.Chart(milliseconds(frame, "t"))
        .mark_line(color=DIM, strokeWidth=1.5, clip=True)
        .encode(
            x=time("t", end),
            y=height("delay", "ms"),
            tooltip=[moment(), alt.Tooltip("delay:Q", title="delay (ms)", format=".2f")],
        )
    )
    return over_time(line, end=end, height=90, description="Longest delay of the generator's loop over time")


def _band(base: Any, end: float, fields: tuple[str, str, str], title: str, tooltip: list[Any]) -> list[Any]:
    """From the first field to the second in each column, and a stroke at the third."""
    low, high, middle = fields
    y = height(low, title, scale=alt.Scale(zero=True))
    columns: dict[str, Any] = {"x": time("t", end), "x2": "until:T", "tooltip": tooltip}
    band = base.mark_rect(color=colour_of("quiet"), clip=True, minBandSize=2).encode(y=y, y2=f"{high}:Q", **columns)
    # A stroke of its own width in pixels: a single value in a narrow column is to be seen, too.
    width = alt.ExprRef(f"max(4, width / {COLUMNS_ON_SCREEN})")
    stroke = base.mark_tick(
        color=colour_of("active"), orient="horizontal", thickness=2.5, size=width, opacity=1, clip=True
    )
    return [band, stroke.encode(x=time("t", end), y=f"{middle}:Q", tooltip=tooltip)]


def _limit_layers(limit: int | None) -> list[Any]:
    if not limit:
        return []
    base = alt.Chart(pd.DataFrame({"limit": [limit]})).encode(y="limit:Q")
    rule = base.mark_rule(color=_LIMIT, strokeDash=[6, 3], size=2)
    label = base.mark_text(
        text=f"limit {limit}", align="right", baseline="bottom", dx=-4, dy=-3, color=_LIMIT, fontWeight="bold"
    ).encode(x=alt.value(alt.ExprRef("width")))
    return [rule, label]


def _stage_layers(stages: list[StageSpan], top: float, end: float) -> list[Any]:
    if len(stages) < 2:
        return []
    frame = milliseconds(pd.DataFrame([stage._asdict() for stage in stages]), "low", "high").assign(top=top)
    base = alt.Chart(frame)
    # A name that is wider than its stage on the screen is left out; zoomed in, it comes.
    room = "(min(datum.high, high) - max(datum.low, low)) / (high - low) * width > 6.5 * length(datum.name) + 8"
    rule = base.mark_rule(color=RULE, strokeDash=[2, 2], clip=True).encode(x=time("low", end))
    name = (
        base.transform_calculate(seen="max(datum.low, low)")
        .mark_text(
            align="left", baseline="top", dx=4, dy=3, color=DIM, clip=True, opacity=alt.ExprRef(f"{room} ? 1 : 0")
        )
        .encode(x=time("seen", end), y="top:Q", text="name:N")
    )
    return [rule, name]


def _holder_colour() -> alt.Color:
    scale = alt.Scale(domain=list(HOLDERS), range=[colour_of(holder) for holder in HOLDERS])
    return alt.Color("holder:N", legend=None, scale=scale, sort=list(HOLDERS))
