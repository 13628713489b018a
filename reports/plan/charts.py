"""The plan's charts. Colours are the page's own variables."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from typing import Any

import pandas as pd

from reports.charts.drawing import Builder
from reports.charts.vegalite import DIM, INK, Chart, Spec, chart, field, mark, on, rows_of
from reports.plan.load.poisson import Quantile
from reports.plan.model import DECIDES, Model, Question, answer, offered, people_of, slots
from reports.plan.plan import CapacityPlan

_WITH, _WITHOUT = "var(--leaked)", "var(--active)"
_MEASURED, _PREDICTED = INK, "var(--quiet)"
_MOST_INTERVALS = 30
SHARES = tuple(round(0.001 * 900 ** (n / 30), 6) for n in range(31))
"""Shares of refusals, 0.1 to 90 %, at which the curves are computed."""
_LABELS: dict[str, Any] = {"labelLimit": 220, "title": None, "ticks": False, "domain": False}


def charts_of(plan: CapacityPlan) -> Iterator[tuple[str, Builder]]:
    """Each chart that there are figures for, by name."""
    if plan.model and plan.what_if:
        yield "refused", partial(refused, plan.model, plan.what_if.examples[0].question)
    if plan.limits:
        yield "limits", partial(limits, plan)
    if any(blocking.predicted or blocking.measured for blocking in plan.blocking):
        yield "blocking", partial(refusals, plan)
    if plan.today and plan.today.arrivals.gaps:
        yield "gaps", partial(gaps, plan.today.arrivals.gaps)
    if any(candidate.lost for candidate in plan.timeout.candidates):
        yield "timeout-lost", partial(timeouts, plan, "lost", "lost to idleness", ".0%")
    if any(candidate.leaked_slots_with for candidate in plan.timeout.candidates):
        yield "timeout-leaks", partial(timeouts, plan, "leaked_slots_with", "slots held by leaks", "~s")
    if len(plan.steps.steps) > 1:
        yield "steps", partial(steps, plan)


def refused(model: Model, question: Question) -> Chart:
    """Refused first attempts by limit, with the leaks and without; the page's panel gives it other rows."""
    now, without = "with these settings", "without the leaks"
    rows = [
        *_curve(model, question, now),
        *(_curve(model, replace(question, leak_share=0.0), without) if question.leak_share else ()),
        {"kind": "limit", "slots": question.limit, "refused": answer(model, question).refused},
    ]
    scale = {"type": "log", "domain": [SHARES[0], 1], "clamp": True, "nice": False}
    axis = {"values": [0.001, 0.01, 0.1, 1], "format": "~%", "grid": True}
    y = field("refused:Q", title=None, scale=scale, axis=axis)
    colour = field("leaks:N", legend=None, scale={"domain": [now, without], "range": [_WITH, _WITHOUT]})
    x = field(
        "slots:Q", title="limit (slots)", scale={"zero": False, "nice": True}, axis={"tickMinStep": 1, "format": "~s"}
    )
    curves, limit = {"filter": "datum.kind === 'curve'"}, {"filter": "datum.kind === 'limit'"}
    tooltip = [
        field("leaks:N", title="load"),
        field("refused:Q", format=".2~%"),
        *(field(f"{name}:Q") for name in ("slots", "low", "high")),
    ]
    band = {
        "x": field("low:Q", title="limit (slots)"),
        "x2": field("high"),
        "y": y,
        "color": colour,
        "detail": field("leaks:N"),
    }
    layers = [
        mark("area", band, transform=[curves], opacity=0.18, orient="horizontal"),
        mark("line", {"x": x, "y": y, "color": colour, "order": field("refused:Q")}, transform=[curves], strokeWidth=2),
        mark("point", {"x": x, "y": y, "color": colour, "tooltip": tooltip}, transform=[curves], opacity=0, size=80),
        on([{"target": DECIDES}], mark("rule", {"y": field("target:Q")}, color=DIM, strokeDash=[3, 3])),
        mark("rule", {"x": x}, transform=[limit], color="var(--limit)", strokeDash=[6, 3], size=2),
        mark("point", {"x": x, "y": y}, transform=[limit], filled=True, size=80, color="var(--limit)", opacity=1),
    ]
    return chart(layers, rows, description="Refused first attempts by limit", height=250)


def _curve(model: Model, question: Question, name: str) -> Iterator[dict[str, Any]]:
    """For each share of refusals, the slots that it takes."""
    erlang, people = offered(model, question), people_of(model, question)
    spread = model.spread if question.leak_share else model.spread_without_leaks
    loads = [model.others + (erlang - model.others) * factor for factor in (1.0, spread.low, spread.high)]
    for share in SHARES:
        middle, low, high = (slots(model, load, share, people) for load in loads)
        yield {"kind": "curve", "leaks": name, "refused": share, "slots": middle, "low": low, "high": high}


def limits(plan: CapacityPlan) -> Chart:
    """The limit to ask for with its interval, by arrivals and target."""
    rows = [
        {
            "what": f"{'today' if limit.arrivals == 1 else f'{limit.arrivals:g} × today'}, {100 * limit.target:g} % refused",
            "leaks": "with the leaks" if limit.leaks else "without them",
            "slots": limit.slots,
            "low": limit.low,
            "high": limit.high,
        }
        for limit in plan.limits
        if limit.leaks or plan.leaks.together
    ]
    shared = {
        "y": field("what:N", sort=None, axis=_LABELS),
        "yOffset": field("leaks:N", scale={"paddingInner": 0.6}),
        "color": _two("leaks", ("with the leaks", "without them"), (_WITH, _WITHOUT)),
        "tooltip": [*(field(f"{name}:N") for name in ("what", "leaks")), *map(field, ("slots:Q", "low:Q", "high:Q"))],
    }
    scale = {"type": "log", "nice": False}
    axis = {"tickCount": 8, "format": "~s", "grid": True}
    x = field("low:Q", title="slots", scale=scale, axis=axis)
    layers = [
        mark("rule", {**shared, "x": x, "x2": field("high")}, strokeWidth=2),
        mark("point", {**shared, "x": field("slots:Q", scale=scale)}, filled=True, size=45, opacity=1),
    ]
    if plan.limit:
        layers.append(on([{"limit": plan.limit}], _marker("limit")))
    height = 26 * len({row["what"] for row in rows})
    return chart(layers, rows, description="Slots to ask for, with intervals", height=height)


def refusals(plan: CapacityPlan) -> Chart:
    """Refused first attempts, measured and predicted."""
    rows = [
        {
            "stretch": blocking.stretch if len(plan.runs) == 1 else f"{blocking.run}: {blocking.stretch}",
            "measured": blocking.measured.value,
            "predicted": blocking.predicted.value,
            "low": blocking.predicted.low,
            "high": blocking.predicted.high,
        }
        for blocking in plan.blocking
        if blocking.measured and blocking.predicted
    ][:_MOST_INTERVALS]
    figures = (field(f"{name}:Q", format=".1%") for name in ("measured", "predicted", "low", "high"))
    shared = {"y": field("stretch:N", sort=None, axis=_LABELS), "tooltip": [field("stretch:N"), *figures]}
    x = field("low:Q", title="refused first attempts", axis={"format": ".0%"}, scale={"zero": True})
    measured: dict[str, Any] = {"shape": "diamond", "filled": True, "size": 70, "color": _MEASURED}
    layers = [
        mark("bar", {**shared, "x": x, "x2": field("high")}, height=14, color=_PREDICTED),
        mark("tick", {**shared, "x": field("predicted:Q")}, thickness=2, size=14, color=_WITHOUT, opacity=1),
        mark("point", {**shared, "x": field("measured:Q")}, opacity=1, **measured),
    ]
    return chart(
        layers, rows, description="Refused first attempts, measured and predicted", height=max(28 * len(rows), 28)
    )


def gaps(quantiles: tuple[Quantile, ...]) -> Chart:
    """The gaps between arrivals against those of independent people."""
    frame = pd.DataFrame([vars(quantile) for quantile in quantiles]).round(4)
    tooltip = [field("share:Q", format=".0%"), field("seconds:Q"), field("poisson:Q", title="if independent")]
    shared = {"x": field("share:Q", title="share of gaps", axis={"format": ".0%"}), "tooltip": tooltip}
    y = field("poisson:Q", title="seconds, no longer than")
    layers = [
        mark("line", {**shared, "y": y}, color=DIM, strokeDash=[4, 3]),
        mark("point", {**shared, "y": field("seconds:Q")}, filled=True, size=45, color=_WITHOUT, opacity=1),
    ]
    description = "Gaps between arrivals, seen and of independent users"
    return chart(layers, rows_of(frame), description=description, height=180)


def timeouts(plan: CapacityPlan, figure: str, title: str, shown: str) -> Chart:
    """One side of the trade-off, by idle timeout."""
    candidates = plan.timeout.candidates
    frame = pd.DataFrame([{"T": candidate.idle_timeout, "y": getattr(candidate, figure)} for candidate in candidates])
    scale = {"type": "log", "nice": False}
    shared = {
        "x": field("T:Q", title="idle timeout (s)", scale=scale, axis={"grid": False}),
        "y": field("y:Q", title=title, axis={"format": shown, "tickCount": 4}),
        "tooltip": [field("T:Q", title="idle timeout (s)"), field("y:Q", title=title, format=".3~f")],
    }
    colour = "var(--active)" if figure == "lost" else "var(--leaked)"
    layers = [
        mark("line", shared, color=colour),
        mark("point", shared, filled=True, size=40, color=colour, opacity=1),
    ]
    if plan.timeout.recommended:
        layers.append(on([{"T": plan.timeout.recommended.idle_timeout}], _marker("T")))
    return chart(layers, rows_of(frame.round(5)), description=f"By idle timeout: {title}", height=180)


def steps(plan: CapacityPlan) -> Chart:
    """Admitted sessions against arrivals."""
    frame = pd.DataFrame(
        [
            {"name": step.name, "came": step.arrivals_per_minute, "admitted": step.admitted_per_minute}
            for step in plan.steps.steps
        ]
    ).round(3)
    shared = {
        "x": field("came:Q", title="arrivals a minute"),
        "tooltip": [
            field("name:N"),
            field("came:Q", title="arrivals/min"),
            field("admitted:Q", title="admitted/min"),
        ],
    }
    all_admitted = {**shared, "y": field("came:Q", title="admitted a minute")}
    admitted = {**shared, "y": field("admitted:Q")}
    layers = [
        mark("line", all_admitted, color=DIM, strokeDash=[4, 3]),
        mark("line", admitted, color=_WITHOUT),
        mark("point", admitted, filled=True, size=50, color=_WITHOUT, opacity=1),
    ]
    return chart(layers, rows_of(frame), description="Admitted sessions against arrivals", height=220)


def _marker(name: str) -> Spec:
    """A dashed line across the chart at one value of x."""
    return mark("rule", {"x": field(f"{name}:Q")}, color="var(--limit)", strokeDash=[6, 3], size=2)


def _two(name: str, names: tuple[str, str], colours: tuple[str, str]) -> Spec:
    scale = {"domain": list(names), "range": list(colours)}
    return field(f"{name}:N", scale=scale, legend={"title": None, "orient": "top"})
