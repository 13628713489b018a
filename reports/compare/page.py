"""A comparison as one page that stands alone, in the look of the report."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

from reports.charts.drawing import Builder, draw
from reports.charts.renderer import Renderer
from reports.compare.charts import changes_as_forest, course, most_changed, with_base
from reports.compare.comparison import Change, Comparison, Judged, rank
from reports.compare.wording import (
    MEANINGS,
    in_words,
    shown,
    shown_allowed,
    shown_change,
    shown_interval,
    shown_judgement,
)
from reports.html.document import embedded, environment

FIGURES = "compare.md"
_TOLD: dict[Judged, str] = {
    "regression": "Regressions",
    "worse": "Worse, but no regression",
    "better": "Better",
}


def render(comparison: Comparison, renderer: Renderer) -> str:
    """The page: no request leaves it, whatever is in the runs is text in it."""
    forest, changed = with_base(comparison.changes), most_changed(comparison)
    ordered = sorted(comparison.changes, key=rank)
    drawing = draw(_charts(comparison, forest, changed), renderer)
    templates = environment()
    templates.globals.update(failures=drawing.failures, figures=FIGURES)
    return templates.get_template("compare.html").render(
        c=comparison,
        a={"log_end": comparison.seconds},
        rows=[_row(change) for change in ordered],
        told=[
            (title, [_row(change) for change in ordered if change.judged == judged]) for judged, title in _TOLD.items()
        ],
        not_drawn=[change.figure for change in ordered if change.interval and not change.base and change.change],
        meanings=MEANINGS,
        courses=[
            {"figure": change.figure, "chart": f"course-{number}", "judged": change.judged}
            for number, change in enumerate(changed)
        ],
        has_forest=bool(forest),
        charts=embedded(drawing.specs),
        library=drawing.library,
    )


def _charts(comparison: Comparison, forest: list[Change], changed: list[Change]) -> Iterator[tuple[str, Builder]]:
    for number, change in enumerate(changed):
        yield f"course-{number}", partial(course, change, comparison.seconds)
    if forest:
        yield "changes", partial(changes_as_forest, forest)


def _row(change: Change) -> dict[str, Any]:
    return {
        "figure": change.figure,
        "about": change.about.about,
        "better": change.about.better.value,
        "base": shown(change, change.base),
        "run": shown(change, change.run),
        "change": shown_change(change),
        "interval": shown_interval(change),
        "allowed": shown_allowed(change),
        "judged": change.judged,
        "judgement": shown_judgement(change),
        "words": in_words(change),
    }
