"""The page of a fit: each distribution against the data, every parameter with its interval."""

from __future__ import annotations

from reports.charts.drawing import draw
from reports.charts.renderer import Renderer
from reports.fit.charts import FIGURES, charts_of
from reports.fit.fitting import Fit
from reports.fit.table import rows_of_person
from reports.html.document import embedded, environment

TITLES = {
    "session_length": "Session length",
    "thinking": "Thinking",
    "quiet": "Pauses with quiet periods",
    "words": "Words in a task",
    "idle_timeout": "Idle timeout",
}


def render(fit: Fit, renderer: Renderer, figures: str) -> str:
    """Returns the page: no request leaves it, whatever is in the logs is text in it. `figures`: the file with the figures."""
    drawing = draw(charts_of(fit), renderer)
    templates = environment()
    templates.globals.update(failures=drawing.failures, figures=figures, charted=drawing.names)
    return templates.get_template("fit.html").render(
        fit=fit,
        headline=headline(fit),
        people=[(number, person, rows_of_person(person)) for number, person in enumerate(fit.people)],
        names=FIGURES,
        titles=TITLES,
        is_poor=any(person.session_length is None for person in fit.people),
        charts=embedded(drawing.specs),
        library=drawing.library,
    )


def headline(fit: Fit) -> str:
    """Returns what was found, in one sentence."""
    kinds = "one kind of person" if len(fit.people) == 1 else f"{len(fit.people)} kinds of people"
    return f"{kinds} in {fit.sessions:,} sessions"
