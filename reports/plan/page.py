"""The plan's page: one file that stands alone."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from loadtests.model.text.wording import between, percent
from reports.page.document import duration, embedded, environment
from reports.page.drawing import draw
from reports.page.renderer import Renderer
from reports.plan.charts import charts_of
from reports.plan.limit import ARRIVALS, TARGETS
from reports.plan.load.offered_load import Holding, OfferedLoad
from reports.plan.plan import CapacityPlan
from reports.plan.sentences import WARNING, headline, limit_for, sentences

_BY = {
    "erlang-b": "Erlang B",
    "engset": "Engset",
    "replay": "replay",
    "erlang-b-with-returning": "Erlang B with retries",
}


def render(plan: CapacityPlan, renderer: Renderer) -> str:
    """The page: no request leaves it, whatever is in the log is text in it."""
    templates = environment()
    templates.filters.update(by=_by, interval=_interval, p=_p)
    drawing = draw(charts_of(plan), renderer)
    templates.globals.update(charted=drawing.names, failures=drawing.failures, figures="plan.json")
    return templates.get_template("plan.html").render(
        plan=plan,
        headline=headline(plan),
        sentences=[
            sentence for sentence in sentences(plan) if sentence != headline(plan) and not sentence.startswith(WARNING)
        ],
        needed=limit_for(plan, arrivals=1.0, leaks=True),
        without_leaks=limit_for(plan, arrivals=1.0, leaks=False),
        limit_rows=_limit_rows(plan),
        targets=TARGETS,
        leaks=[*plan.leaks.ways, plan.leaks.together],
        holdings=[(offered, _parts(offered)) for offered in plan.offered if offered.holding],
        charts=embedded(drawing.specs),
        panel=embedded(asdict(plan.what_if) if plan.what_if else {}),
        library=drawing.library,
    )


def _limit_rows(plan: CapacityPlan) -> list[dict[str, Any]]:
    """Return a row for each number of arrivals, with and without leaks, with the limits by target."""
    by = {(limit.arrivals, limit.leaks, limit.target): limit for limit in plan.limits}
    return [
        {"arrivals": arrivals, "leaks": leaks, "limits": [by[arrivals, leaks, target] for target in TARGETS]}
        for arrivals in ARRIVALS
        for leaks in (True, False)
        if (arrivals, leaks, TARGETS[0]) in by
    ]


def _parts(offered: OfferedLoad) -> list[dict[str, Any]]:
    held = offered.holding
    assert isinstance(held, Holding)
    parts = (("used", "active", held.used), ("quiet", "quiet", held.quiet), ("leaked tail", "leaked", held.tail))
    total = held.total or 1.0
    return [
        {"name": name, "class": colour, "value": value, "share": value / total, "shown": duration(value)}
        for name, colour, value in parts
    ]


def _by(kind: str | None) -> str:
    return _BY.get(kind or "", "–")


def _interval(value: Any) -> str:
    """Return a share with its interval."""
    return "–" if value is None else f"{percent(value.value)} ({between(value.low, value.high, percent)})"


def _p(value: float | None) -> str:
    return "–" if value is None else "< 0.01" if value < 0.01 else f"{value:.2f}"
