"""The report's page: one file that stands alone.

Each section and each chart is built apart. One that fails does not cost the others: its place says why it is missing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache, partial
from typing import Any, NamedTuple

import jinja2
import pandas as pd
from markupsafe import Markup

from loadtests.model.log.fate import FATES
from reports.analysis.latency import over_time
from reports.charts.drawing import Builder, Drawing, draw, reason
from reports.charts.renderer import Renderer
from reports.charts.vegalite import Chart
from reports.html.document import embedded, environment
from reports.html.figures import PageFigures
from reports.page import charts, sections
from reports.page.explorer import Choice, choose_sessions, clipped
from reports.page.gates import MOST_OPEN, gate_lines
from reports.page.leak_chart import leaks_as_gantt
from reports.page.stages import build_stages
from reports.summary import Analysis


class Section(NamedTuple):
    """One section of the page: a template, with the figures that it shows."""

    template: str
    anchor: str
    title: str
    context: Callable[[], dict[str, Any]]


class ReportPage:
    """The page of one report. Its charts come first, so that the picture can be drawn while the sections are written."""

    def __init__(self, analysis: Analysis, renderer: Renderer) -> None:
        """Compile the charts."""
        self._analysis = analysis
        self._latency = cache(lambda: over_time(analysis.log, analysis.log_end))
        self.drawing = draw(_charts(analysis, self._latency), renderer)

    def render(self) -> str:
        """The page: no request leaves it, whatever is in the log is text in it."""
        return _render(self._analysis, self.drawing, self._latency)


def _render(analysis: Analysis, drawing: Drawing, latency: Callable[[], pd.DataFrame]) -> str:
    templates = environment()
    templates.filters.update(clipped=clipped)
    figures = PageFigures(sections.figures(analysis))
    choice = cache(lambda: choose_sessions(analysis.sessions, analysis.findings))
    templates.globals.update(
        a=analysis,
        s=analysis.summary,
        manifest=analysis.log.manifest,
        charted=drawing.names,
        failures=drawing.failures,
        sentences=drawing.sentences,
        figures="summary.json",
        fig=figures,
        gates=gate_lines(analysis),
        most_open=MOST_OPEN,
    )
    return templates.get_template("report.html").render(
        first=_section(templates, _first(analysis)),
        sections=[_section(templates, section) for section in _sections(analysis, drawing, latency, choice)],
        charts=embedded(drawing.specs),
        library=drawing.library,
    )


def _charts(analysis: Analysis, latency: Callable[[], pd.DataFrame]) -> Iterator[tuple[str, Builder]]:
    end, limit = analysis.log_end, analysis.log.manifest.limit
    if analysis.slots.peak:
        yield (
            "sessions",
            lambda: charts.sessions_over_time(
                analysis.slots, analysis.hits, limit, build_stages(analysis.log, end), end
            ),
        )
    if analysis.hits.count:
        yield "hits", lambda: charts.hits_over_time(analysis.hits, end)
    if len(analysis.leaks):
        yield "leaks", lambda: leaks_as_gantt(analysis.leaks, end)
    if not analysis.keep_alives.over_time.empty:
        yield "margins", lambda: charts.margins_over_time(analysis.keep_alives, end)
        yield "margins-by-size", lambda: charts.margins_by_size(analysis.keep_alives)
    for kind in analysis.calls.latency:
        yield f"latency-{kind}", partial(_latency_chart, kind, analysis, latency)
    if not analysis.generator.delays.empty:
        yield "delays", lambda: charts.loop_delays(analysis.generator, end)


def _latency_chart(kind: str, analysis: Analysis, latency: Callable[[], pd.DataFrame]) -> Chart:
    own = latency().loc[lambda rows: rows["kind"] == kind]
    return charts.latency_over_time(kind, analysis.calls.latency[kind], own, analysis.log_end)


def _sections(
    analysis: Analysis, drawing: Drawing, latency: Callable[[], pd.DataFrame], choice: Callable[[], Choice]
) -> Iterator[Section]:
    yield Section(
        "findings.html", "found", "What is wrong?", lambda: sections.findings(analysis, drawing.names, choice())
    )
    yield Section("slots.html", "slots", "Who held the slots?", lambda: sections.slots(analysis))
    yield Section(
        "leaks.html", "leaks", "Which sessions leaked, and how did they end?", lambda: sections.leaks(analysis)
    )
    if closures := analysis.closures:
        fates = [fate for fate in FATES if any(fate in each["ends"] for each in closures.hours)]
        yield Section("closures.html", "ends", "How do sessions end?", lambda: {"closures": closures, "fates": fates})
    yield Section("keepalives.html", "keep-alives", "Were keep-alives on time?", dict)
    yield Section("drift.html", "drift", "Did anything drift?", lambda: sections.drift(analysis, latency()))
    yield Section(
        "explorer.html",
        "explorer",
        "Sessions, one by one",
        lambda: {"choice": choice(), "explorer": embedded(sections.explorer(analysis, choice()))},
    )
    if analysis.closures:
        yield Section("recording.html", "the-run", "The recording", dict)
        return
    yield Section("profiles.html", "profiles", "Who came?", lambda: sections.profiles(analysis))
    yield Section("generator.html", "generator", "Can the run be believed?", dict)
    yield Section("run.html", "the-run", "The run", dict)


def _first(analysis: Analysis) -> Section:
    """What stands above everything else, beside the verdict."""
    return Section("first.html", "held", "Sessions by who held the slot", lambda: sections.first(analysis))


def _section(templates: jinja2.Environment, section: Section) -> Markup:
    heading = {"anchor": section.anchor, "title": section.title}
    try:
        return Markup(templates.get_template(section.template).render(section.context(), **heading))
    except Exception as error:  # noqa: BLE001 - whatever fails in one section, the others are shown
        why = reason(f"section {section.anchor}", error)
        return Markup(templates.get_template("missing.html").render(why=why, **heading))
