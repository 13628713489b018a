"""The plan's page: one file that stands alone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, replace
from typing import Any

from reports.build import plain
from reports.charts.drawing import draw
from reports.charts.renderer import Renderer
from reports.html.document import duration, embedded, environment
from reports.html.figures import PageFigures
from reports.plan.api import offers
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
    templates.filters.update(by=_by)
    drawing = draw(charts_of(plan), renderer)
    named = PageFigures(page_figures(plan))
    templates.globals.update(charted=drawing.names, failures=drawing.failures, figures="plan.json", fig=named)
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
        holdings=list(_holdings(plan)),
        charts=embedded(drawing.specs),
        panel=embedded(_panel(plan)),
        library=drawing.library,
    )


def page_figures(plan: CapacityPlan) -> dict[str, Any]:
    """Return the figures of the page: plan.json's, and rows that are put together for its tables."""
    together = {
        "limit_rows": [{**row, "limits": [asdict(limit) for limit in row["limits"]]} for row in _limit_rows(plan)],
        "leak_rows": [asdict(leak) for leak in (*plan.leaks.ways, plan.leaks.together) if leak],
        "offers": offers(plan.api),
        "retries": sum(plan.model.attempts[1:]) if plan.model else None,
    }
    return dict(plain({**asdict(plan), **together}))


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
        name = f"recommended: {_settings(plan, settings.idle_timeout, settings.keep_alive)}"
        for leaks in each:
            question = settings if leaks else replace(settings, leak_share=0.0)
            rows.append((name, list(limits_of(plan.model, question, times=1.0, leaks=leaks))))
    by = {(limit.arrivals, limit.leaks, limit.target): limit for limit in plan.limits}
    now = _settings(plan, today.idle_timeout, None)
    rows += [
        (f"today: {now}", [by[arrivals, leaks, target] for target in TARGETS])
        for arrivals in ARRIVALS
        for leaks in each
    ]
    return [
        {"settings": settings, "arrivals": limits[0].arrivals, "leaks": limits[0].leaks, "limits": limits}
        for settings, limits in rows
    ]


def _settings(plan: CapacityPlan, idle_timeout: float, keep_alive: float | None) -> str:
    timeout = f"{duration(idle_timeout)} timeout"
    if not plan.api.has_keep_alive:
        return timeout
    return (
        f"{timeout}, {'keep-alives as recorded' if keep_alive is None else f'keep-alive every {duration(keep_alive)}'}"
    )


def _holdings(plan: CapacityPlan) -> Iterator[tuple[OfferedLoad, str, list[dict[str, Any]]]]:
    """Yield each load whose holding times are known, the place of these among the figures, and their parts."""
    for number, offered in enumerate(plan.offered):
        if offered.holding:
            path = f"offered/{number}/holding"
            yield offered, path, _parts(offered.holding, path)


def _parts(held: Holding, path: str) -> list[dict[str, Any]]:
    parts = (("used", "active", "used"), ("quiet", "quiet", "quiet"), ("leaked tail", "leaked", "tail"))
    total = held.total or 1.0
    return [
        {
            "name": name,
            "class": colour,
            "value": getattr(held, part),
            "share": getattr(held, part) / total,
            "path": f"{path}/{part}",
        }
        for name, colour, part in parts
    ]


def _by(kind: str | None) -> str:
    return _BY.get(kind or "", "–")
