"""Draws the first screen of a report as one picture, for a ticket: verdict, figures, gates that did not pass, the chart of
sessions and what to fix first. It is composed anew from the report's figures; no browser is needed.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator
from datetime import UTC, datetime
from html import escape
from typing import Any

from loadtests.model.text.units import format_duration
from loadtests.model.text.wording import count, result_word
from reports.charts.renderer import Renderer
from reports.charts.vegalite import Spec
from reports.page.picture import in_light, svg
from reports.summary import Analysis

WIDTH = 1200
_LEFT, _RIGHT = 40, WIDTH - 40
_MOST_GATES, _MOST_FINDINGS = 4, 3
_CHART_WIDTH = 1000
_SIZES = {"title": 26, "text": 18, "small": 15}
_CHARACTERS = {"title": 64, "text": 100, "small": 125}
"""Of a line, by size: about the page's width in the widest font that the renderer may choose."""
_LOOK = 'font-family="system-ui, DejaVu Sans, sans-serif"'


def ticket(analysis: Analysis, chart: Spec | None, renderer: Renderer) -> bytes:
    """Return the picture as a PNG; `chart`: the page's chart of sessions, None where no session was held. Raises RenderError."""
    picture = _Picture()
    verdict = analysis.verdict
    picture.write("title", f"{verdict.word.upper()} {verdict.reason}", f"var(--{verdict.result})", most=3)
    picture.write("small", _run(analysis), "var(--dim)", most=2)
    picture.write("text", analysis.summary.get("cause", ""), "var(--ink)", most=3)
    picture.figures(iter(analysis.watched.headline) if analysis.watched else _figures(analysis.summary))
    for line in _gates(analysis):
        picture.write("small", line, "var(--ink)", most=2)
    if chart:
        picture.insert(svg(chart, renderer, _CHART_WIDTH))
    to_fix = list(_fix_first(analysis))
    if not analysis.watched:
        picture.write("text", "Fix first" if to_fix else "Nothing that has to be fixed was found.", "var(--ink)")
    for line in to_fix:
        picture.write("small", line, "var(--ink)", most=2)
    return renderer.png(in_light(picture.whole(verdict.result)))


def _run(analysis: Analysis) -> str:
    summary, manifest = analysis.summary, analysis.log.manifest
    began = "simulated" if manifest.simulated else "started"
    began_at = datetime.fromisoformat(summary["started"]).astimezone(UTC)
    limit = f"limit {summary['limit']:,}" if summary["limit"] else "limit unknown"
    trust = "generator in doubt" if summary["generator"]["doubts"] else "generator on time"
    trust = manifest.host if manifest.watch else trust
    began += f" {began_at:%Y-%m-%d, %H:%M:%S} UTC"
    return " · ".join((summary["run"], began, format_duration(summary["duration"]), limit, trust))


def _figures(summary: dict[str, Any]) -> Iterator[tuple[str, str]]:
    sessions, hits = summary["sessions"], summary["concurrency_hits"]
    yield f"{sessions['opened']:,}", "sessions opened"
    yield f"{sessions['peak']:,}", "peak"
    yield f"{sessions['leaked']:,}", "leaked"
    yield f"{hits['count']:,}", "concurrency hits"
    yield f"{hits['first_attempts']:,}", "first attempts refused"
    yield f"{sessions['lost_to_idle']:,}", "reaped while in use"


def _gates(analysis: Analysis) -> Iterator[str]:
    gates = analysis.verdict.gates
    open_gates = [gate for gate in gates if gate.result != "pass"]
    for gate in open_gates[:_MOST_GATES]:
        yield f"{result_word(gate.result)}: {gate.gate} ({gate.shown})"
    if (rest := len(open_gates) - _MOST_GATES) > 0:
        yield f"and {count(rest, 'more gate')} that did not pass"
    if passed := len(gates) - len(open_gates):
        yield f"{count(passed, 'gate')} passed"


def _fix_first(analysis: Analysis) -> Iterator[str]:
    priorities = analysis.summary.get("fix_first")
    if priorities is not None:
        for each in priorities:
            yield f"{each['finding']}: {each['advice']}{' Cost: ' + each['cost'] + '.' if each['cost'] else ''}"
        return
    for finding in [each for each in analysis.findings if each.severity != "modelled"][:_MOST_FINDINGS]:
        yield f"{finding.severity}, {finding.owner}: {finding.name}. {finding.text}"


class _Picture:
    """An SVG that grows downwards."""

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._y = 26.0

    def write(self, size: str, text: str, colour: str, most: int = 1) -> None:
        lines = textwrap.wrap(text, _CHARACTERS[size], max_lines=most, placeholder=" …")
        weight = "600" if size == "title" or most == 1 else "400"
        for line in lines:
            self._y += 1.4 * _SIZES[size]
            self._text(_LEFT, self._y, _SIZES[size], line, colour, weight)
        self._y += 6 if lines else 0

    def figures(self, tiles: Iterator[tuple[str, str]]) -> None:
        self._y += 44
        for number, (value, name) in enumerate(tiles):
            x = _LEFT + number * (_RIGHT - _LEFT) / 6
            self._text(x, self._y, 30, value, "var(--ink)", "400")
            self._text(x, self._y + 20, 13, name, "var(--dim)", "400")
        self._y += 34

    def insert(self, drawing: str) -> None:
        """Lay another SVG across the whole width."""
        size = re.search(r'width="([\d.]+)" height="([\d.]+)"', drawing)
        inner = drawing[drawing.index("<svg") :]
        if size is None:
            return
        width, height = (float(number) for number in size.groups())
        scale = (_RIGHT - _LEFT) / width
        self._parts.append(f'<g transform="translate({_LEFT} {self._y}) scale({scale:.4f})">{inner}</g>')
        self._y += height * scale + 10

    def whole(self, result: str) -> str:
        height = self._y + 24
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="{WIDTH}"'
            f' height="{height:.0f}" viewBox="0 0 {WIDTH} {height:.0f}">'
            f'<rect width="{WIDTH}" height="{height:.0f}" fill="var(--paper)"/>'
            f'<rect width="{WIDTH}" height="8" fill="var(--{result})"/>{"".join(self._parts)}</svg>'
        )

    def _text(self, x: float, y: float, size: int, text: str, colour: str, weight: str) -> None:
        look = f'font-size="{size}" font-weight="{weight}" fill="{colour}" {_LOOK}'
        self._parts.append(f'<text x="{x:.1f}" y="{y:.1f}" {look}>{escape(text)}</text>')
