"""The plan's page: one file that stands alone."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import Any

from loadtests.model.text.wording import between, percent
from reports.charts.drawing import draw
from reports.charts.renderer import Renderer
from reports.html.document import duration, embedded, environment
from reports.plan.charts import SHARES, charts_of
from reports.plan.limit import ARRIVALS, Limit, limits_of
from reports.plan.load.offered_load import Holding, OfferedLoad
from reports.plan.model import DECIDES, TARGETS
from reports.plan.plan import CapacityPlan
from reports.plan.recommendation import question_of
from reports.plan.sentences import SIMULATED, WARNING, another_run, headline, sentences

_BY = {
    "erlang-b": "Erlang B",
    "engset": "Engset",
    "replay": "replay",
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
            sentence
            for sentence in sentences(plan)
            if sentence not in (headline(plan), another_run(plan)) and not sentence.startswith((WARNING, SIMULATED))
        ],
        another_run=another_run(plan),
        target=DECIDES,
        limit_rows=_limit_rows(plan),
        targets=TARGETS,
        leaks=[*plan.leaks.ways, plan.leaks.together],
        holdings=[(offered, _parts(offered)) for offered in plan.offered if offered.holding],
        charts=embedded(drawing.specs),
        panel=embedded(_panel(plan)),
        library=drawing.library,
    )


def _panel(plan: CapacityPlan) -> dict[str, Any]:
    """Return what the what-if panel needs."""
    if plan.model is None or plan.what_if is None:
        return {}
    return {
        **asdict(plan.what_if),
        "model": asdict(plan.model),
        "targets": TARGETS,
        "shares": SHARES,
        "slack": plan.timeout.slack,
        "survives": plan.timeout.survives,
    }


def _limit_rows(plan: CapacityPlan) -> list[dict[str, Any]]:
    """Return a row for each number of arrivals, with and without leaks, with the limits by target; the recommended first."""
    if plan.model is None or plan.what_if is None:
        return []
    today = plan.what_if.examples[0].question
    each = (True, False) if today.leak_share else (True,)
    rows: list[tuple[str, list[Limit]]] = []
    if plan.recommended:
        settings = question_of(plan.recommended, today)
        name = f"recommended: {_settings(settings.idle_timeout, settings.keep_alive)}"
        for leaks in each:
            question = settings if leaks else replace(settings, leak_share=0.0)
            rows.append((name, list(limits_of(plan.model, question, times=1.0, leaks=leaks))))
    by = {(limit.arrivals, limit.leaks, limit.target): limit for limit in plan.limits}
    now = _settings(today.idle_timeout, None)
    rows += [
        (f"today: {now}", [by[arrivals, leaks, target] for target in TARGETS])
        for arrivals in ARRIVALS
        for leaks in each
    ]
    return [
        {"settings": settings, "arrivals": limits[0].arrivals, "leaks": limits[0].leaks, "limits": limits}
        for settings, limits in rows
    ]


def _settings(idle_timeout: float, keep_alive: float | None) -> str:
    every = "keep-alives as recorded" if keep_alive is None else f"keep-alive every {duration(keep_alive)}"
    return f"{duration(idle_timeout)} timeout, {every}"


def _parts(offered: OfferedLoad) -> list[dict[str, Any]]:
    held = offered.holding
    assert isinstance(held, Holding)
    parts = (("used", "active", held.used), ("quiet", "quiet", held.quiet), ("leaked tail", "leaked", held.tail))
    total = held.total or 1.0
    return [{"name": name, "class": colour, "value": value, "share": value / total} for name, colour, value in parts]


def _by(kind: str | None) -> str:
    return _BY.get(kind or "", "–")


def _interval(value: Any) -> str:
    """Return a share with its interval."""
    return "–" if value is None else f"{percent(value.value)} ({between(value.low, value.high, percent)})"


def _p(value: float | None) -> str:
    return "–" if value is None else "< 0.01" if value < 0.01 else f"{value:.2f}"
