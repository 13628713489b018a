"""The plan's charts. Colours are the page's own variables."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import altair as alt
import pandas as pd

from reports.page.timechart import DIM, INK, Spec, compiled
from reports.plan.plan import CapacityPlan
from reports.plan.poisson import Quantile

_WITH, _WITHOUT = "var(--leaked)", "var(--active)"
_MEASURED, _PREDICTED = INK, "var(--quiet)"
_MOST_STRETCHES = 30
_LABELS: dict[str, Any] = {"labelLimit": 220, "title": None, "ticks": False, "domain": False}


def charts_of(plan: CapacityPlan) -> Iterator[tuple[str, Spec]]:
    """Each chart that there are figures for, by name."""
    if plan.limits:
        yield "limits", limits(plan)
    if any(each.predicted or each.measured for each in plan.blocking):
        yield "blocking", blocking(plan)
    if plan.today and plan.today.arrivals.gaps:
        yield "gaps", gaps(plan.today.arrivals.gaps)
    if plan.timeout.candidates:
        yield "timeout-lost", timeouts(plan, "lost", "lost to idleness", ".0%")
        yield "timeout-leaks", timeouts(plan, "leaked_slots_with", "slots held by leaks", "~s")
    if len(plan.steps.steps) > 1:
        yield "steps", steps(plan)


def limits(plan: CapacityPlan) -> Spec:
    """The limit to ask for with its interval, by arrivals and target."""
    rows = [
        {
            "what": f"{'today' if each.arrivals == 1 else f'{each.arrivals:g} × today'}, {100 * each.target:g} % refused",
            "leaks": "with the leaks" if each.leaks else "without them",
            "slots": each.slots,
            "low": each.low,
            "high": each.high,
        }
        for each in plan.limits
    ]
    base = alt.Chart(pd.DataFrame(rows)).encode(
        y=alt.Y("what:N", sort=None, axis=alt.Axis(**_LABELS)),
        yOffset=alt.YOffset("leaks:N", scale=alt.Scale(paddingInner=0.6)),
        color=_two("leaks", ("with the leaks", "without them"), (_WITH, _WITHOUT)),
        tooltip=["what:N", "leaks:N", "slots:Q", "low:Q", "high:Q"],
    )
    scale = alt.Scale(type="log", nice=False)
    axis = alt.Axis(tickCount=8, format="~s", grid=True)
    rule = base.mark_rule(strokeWidth=2).encode(x=alt.X("low:Q", title="slots", scale=scale, axis=axis), x2="high:Q")
    point = base.mark_point(filled=True, size=45, opacity=1).encode(x=alt.X("slots:Q", scale=scale))
    layers: list[Any] = [rule, point]
    if plan.limit:
        mark = alt.Chart(pd.DataFrame({"limit": [plan.limit]}))
        layers.append(mark.mark_rule(color="var(--limit)", strokeDash=[6, 3], size=2).encode(x="limit:Q"))
    return compiled(alt.layer(*layers), "Slots to ask for, with intervals", 26 * len({row["what"] for row in rows}))


def blocking(plan: CapacityPlan) -> Spec:
    """What was refused, in what was to be expected."""
    told = [each for each in plan.blocking if each.measured and each.predicted][:_MOST_STRETCHES]
    rows = [
        {
            "stretch": each.stretch if len(plan.runs) == 1 else f"{each.run}: {each.stretch}",
            "measured": each.measured.value,
            "predicted": each.predicted.value,
            "low": each.predicted.low,
            "high": each.predicted.high,
        }
        for each in told
        if each.measured and each.predicted
    ]
    frame = pd.DataFrame(rows, columns=["stretch", "measured", "predicted", "low", "high"])
    tooltip: list[Any] = [
        "stretch:N",
        *(alt.Tooltip(f"{name}:Q", format=".1%") for name in ("measured", "predicted", "low", "high")),
    ]
    base = alt.Chart(frame).encode(y=alt.Y("stretch:N", sort=None, axis=alt.Axis(**_LABELS)), tooltip=tooltip)
    x = alt.X("low:Q", title="refused first attempts", axis=alt.Axis(format=".0%"), scale=alt.Scale(zero=True))
    band = base.mark_bar(height=14, color=_PREDICTED).encode(x=x, x2="high:Q")
    expected = base.mark_tick(thickness=2, size=14, color=_WITHOUT, opacity=1).encode(x="predicted:Q")
    measured = base.mark_point(shape="diamond", filled=True, size=70, color=_MEASURED, opacity=1).encode(x="measured:Q")
    return compiled(
        alt.layer(band, expected, measured), "Refused first attempts, measured and predicted", 28 * len(rows)
    )


def gaps(quantiles: tuple[Quantile, ...]) -> Spec:
    """The gaps between arrivals against those of independent people."""
    frame = pd.DataFrame([vars(each) for each in quantiles]).round(4)
    base = alt.Chart(frame).encode(x=alt.X("share:Q", title="share of gaps", axis=alt.Axis(format=".0%")))
    tooltip = [alt.Tooltip("share:Q", format=".0%"), "seconds:Q", alt.Tooltip("poisson:Q", title="if independent")]
    y = alt.Y("poisson:Q", title="seconds, no longer than")
    line = base.mark_line(color=DIM, strokeDash=[4, 3]).encode(y=y, tooltip=tooltip)
    points = base.mark_point(filled=True, size=45, color=_WITHOUT, opacity=1).encode(y="seconds:Q", tooltip=tooltip)
    return compiled(alt.layer(line, points), "Gaps between arrivals, seen and of independent people", 180)


def timeouts(plan: CapacityPlan, figure: str, title: str, shown: str) -> Spec:
    """One side of the trade-off, by idle timeout."""
    frame = pd.DataFrame([{"T": each.idle_timeout, "y": getattr(each, figure)} for each in plan.timeout.candidates])
    x = alt.X("T:Q", title="idle timeout (s)", scale=alt.Scale(type="log", nice=False), axis=alt.Axis(grid=False))
    y = alt.Y("y:Q", title=title, axis=alt.Axis(format=shown, tickCount=4))
    tooltip = [alt.Tooltip("T:Q", title="idle timeout (s)"), alt.Tooltip("y:Q", title=title, format=".3~f")]
    colour = "var(--active)" if figure == "lost" else "var(--leaked)"
    base = alt.Chart(frame.round(5)).encode(x=x, y=y, tooltip=tooltip)
    layers: list[Any] = [base.mark_line(color=colour), base.mark_point(filled=True, size=40, color=colour, opacity=1)]
    if plan.timeout.recommended:
        chosen = alt.Chart(pd.DataFrame({"T": [plan.timeout.recommended.idle_timeout]}))
        layers.append(chosen.mark_rule(color="var(--limit)", strokeDash=[6, 3], size=2).encode(x="T:Q"))
    return compiled(alt.layer(*layers), f"By idle timeout: {title}", 180)


def steps(plan: CapacityPlan) -> Spec:
    """Who was admitted, against who came."""
    frame = pd.DataFrame(
        [
            {"name": step.name, "came": step.arrivals_per_minute, "admitted": step.admitted_per_minute}
            for step in plan.steps.steps
        ]
    ).round(3)
    tooltip: list[Any] = [
        "name:N",
        alt.Tooltip("came:Q", title="arrivals/min"),
        alt.Tooltip("admitted:Q", title="admitted/min"),
    ]
    base = alt.Chart(frame).encode(x=alt.X("came:Q", title="arrivals a minute"), tooltip=tooltip)
    all_in = base.mark_line(color=DIM, strokeDash=[4, 3]).encode(y=alt.Y("came:Q", title="admitted a minute"))
    line = base.mark_line(color=_WITHOUT).encode(y="admitted:Q")
    points = base.mark_point(filled=True, size=50, color=_WITHOUT, opacity=1).encode(y="admitted:Q")
    return compiled(alt.layer(all_in, line, points), "Admitted sessions against arrivals", 220)


def _two(field: str, names: tuple[str, str], colours: tuple[str, str]) -> alt.Color:
    return alt.Color(
        f"{field}:N",
        scale=alt.Scale(domain=list(names), range=list(colours)),
        legend=alt.Legend(title=None, orient="top"),
    )
