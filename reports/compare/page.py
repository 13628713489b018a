"""A comparison as one page that stands alone, in the look of the report."""

from __future__ import annotations

from typing import Any

from markupsafe import Markup

from reports.compare.charts import changes_as_forest, courses
from reports.compare.comparison import Change, Comparison
from reports.compare.wording import MEANINGS, said, said_allowed, said_change, said_interval
from reports.page.document import embedded, environment


def render(comparison: Comparison, library: Markup) -> str:
    """The page: no request leaves it, whatever is in the runs is text in it. `library`: what draws its charts."""
    forest, drawn = changes_as_forest(comparison.changes), courses(comparison)
    specs = {f"course-{number}": spec for number, spec in enumerate(drawn.values())}
    if forest:
        specs["changes"] = forest
    return (
        environment()
        .get_template("compare.html")
        .render(
            c=comparison,
            a={"log_end": comparison.seconds},
            rows=[_row(change) for change in comparison.changes],
            meanings=MEANINGS,
            courses=[
                {"figure": figure, "chart": f"course-{number}", "judged": _of(comparison, figure).judged}
                for number, figure in enumerate(drawn)
            ],
            has_forest=forest is not None,
            charts=embedded(specs),
            library=library,
        )
    )


def _row(change: Change) -> dict[str, Any]:
    return {
        "figure": change.figure,
        "about": change.about.about,
        "better": change.about.better.value,
        "base": said(change, change.base),
        "run": said(change, change.run),
        "change": said_change(change),
        "interval": said_interval(change),
        "allowed": said_allowed(change),
        "judged": change.judged,
        "why": change.why,
    }


def _of(comparison: Comparison, figure: str) -> Change:
    return next(change for change in comparison.changes if change.figure == figure)
