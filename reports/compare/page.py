"""A comparison as one page that stands alone, in the look of the report."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

from markupsafe import Markup, escape

from loadtests.model.run.manifest import Manifest
from reports.charts.drawing import Builder, draw
from reports.charts.renderer import Renderer
from reports.compare.charts import changes_as_forest, course, most_changed, with_base
from reports.compare.comparison import Change, Comparison, Judged, rank
from reports.compare.wording import FORMS, MEANINGS, form_of, has_relative, sentence, shown_judgement
from reports.html.document import embedded, environment
from reports.html.figures import PageFigures

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
    fig = PageFigures(page_figures(comparison), FORMS)
    templates.globals.update(failures=drawing.failures, figures=FIGURES, fig=fig)
    return templates.get_template("compare.html").render(
        c=comparison,
        a={"log_end": comparison.seconds},
        rows=[_row(fig, change) for change in ordered],
        told=[
            (title, [_row(fig, change) for change in ordered if change.judged == judged])
            for judged, title in _TOLD.items()
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


def page_figures(comparison: Comparison) -> dict[str, Any]:
    """Return the figures of the page: of each compared figure its values, their difference and its interval."""
    return {
        "seconds": comparison.seconds,
        "changes": {change.figure: _figures(change) for change in comparison.changes},
        "base": _conditions(comparison.base),
        "run": _conditions(comparison.run),
    }


def _figures(change: Change) -> dict[str, Any]:
    low, high = change.interval or (None, None)
    return {
        "base": change.base,
        "run": change.run,
        "change": change.change,
        "relative": change.relative,
        "low": low,
        "high": high,
        "allowed": change.allowed,
    }


def _conditions(manifest: Manifest) -> dict[str, Any]:
    return {"started": manifest.started, "seed": manifest.seed, "limit": manifest.limit}


def _row(fig: PageFigures, change: Change) -> dict[str, Any]:
    path, unit = f"changes/{change.figure}", change.about.unit
    difference = form_of("difference", unit)
    relative = Markup(" ({})").format(fig(f"{path}/relative", "change")) if has_relative(change) else ""
    figures = {
        "base": fig(f"{path}/base", form_of("value", unit)),
        "run": fig(f"{path}/run", form_of("value", unit)),
        "change": fig(f"{path}/change", difference) + relative,
        "interval": fig.between(f"{path}/low", f"{path}/high", difference),
        "allowed": fig(f"{path}/allowed", form_of("allowed", unit)),
    }
    return {
        "figure": change.figure,
        "about": change.about.about,
        "better": change.about.better.value,
        **figures,
        "judged": change.judged,
        "judgement": shown_judgement(change),
        "words": Markup(escape(sentence(change))).format(**figures),
    }
