"""One chart or section that fails does not cost the report."""

from __future__ import annotations

import json
import logging
import subprocess
from pathlib import Path
from typing import Any

import pytest

import reports.build
from reports.build import build_report
from reports.charts.renderer import Renderer, RenderError
from reports.page import charts, sections

from .story import Story


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """A run in which one session leaks and one attempt is refused."""
    story = Story().opens(1, 1.0).listed(1, 1.5).leaves(1, 4.0, "abandon").vanishes(1, 30.5, 31.5)
    story.note(3, "arrive", 12.0, 9.0, "close").refused(3, 12.0).note(3, "give-up", 12.01, 1, "concurrency-limit")
    return story.looks(60).write(tmp_path / "run")


def _fails(*_: Any, **__: Any) -> Any:
    raise ZeroDivisionError("no <columns>")


def _summary(run: Path) -> dict[str, Any]:
    summary: dict[str, Any] = json.loads((run / "summary.json").read_text())
    return summary


@pytest.mark.parametrize("chart", ["hits_over_time", "sessions_over_time", "latency_over_time"])
def test_a_chart_that_fails_says_so_in_its_place(
    run: Path, chart: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The other charts, the sections, all files and the verdict are as without the failure; the error is logged."""
    whole = build_report(run)
    expected = _summary(run)
    files = {path.name for path in run.iterdir()}
    page = (run / "report.html").read_text()
    monkeypatch.setattr(charts, chart, _fails)
    with caplog.at_level(logging.ERROR):
        broken = build_report(run)
    assert broken.verdict == whole.verdict
    assert _summary(run) == expected
    assert {path.name for path in run.iterdir()} == files
    told = "This chart could not be drawn: ZeroDivisionError: no &lt;columns&gt;. The figures are in summary.json."
    shown = (run / "report.html").read_text()
    assert told in shown
    assert shown.count("<section") == page.count("<section")
    assert "could not be drawn" not in page
    assert "could not be drawn" in caplog.text
    assert "ZeroDivisionError" in caplog.text


@pytest.mark.parametrize("section", ["slots", "leaks", "explorer", "findings", "first", "profiles"])
def test_a_section_that_fails_says_so_in_its_place(run: Path, section: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its heading stays, so that links to it lead somewhere."""
    build_report(run)
    page = (run / "report.html").read_text()
    monkeypatch.setattr(sections, section, _fails)
    build_report(run)
    shown = (run / "report.html").read_text()
    assert shown.count("This section could not be drawn: ZeroDivisionError: no &lt;columns&gt;.") == 1
    assert shown.count("<section") == page.count("<section")
    assert shown.count("<h2") == page.count("<h2")


def test_a_renderer_that_fails_costs_the_charts_alone(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the charts' library each place says why, and the picture is empty."""

    def fails(*_: Any) -> Any:
        raise RenderError("the renderer ended with exit code 1")

    monkeypatch.setattr(Renderer, "_ask", fails)
    build_report(run)
    shown = (run / "report.html").read_text()
    assert "This chart could not be drawn: RenderError: the renderer ended with exit code 1." in shown
    assert 'width="1"' in (run / "chart.svg").read_text()
    assert "chart.svg" not in (run / "summary.md").read_text()


def test_a_renderer_that_cannot_start_costs_the_charts_alone(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As on a machine without memory for another process."""

    def fails(*_: Any, **__: Any) -> Any:
        raise OSError("cannot allocate memory")

    monkeypatch.setattr(subprocess, "Popen", fails)
    build_report(run)
    shown = (run / "report.html").read_text()
    assert "RenderError: the renderer could not be started: cannot allocate memory." in shown
    assert _summary(run)["verdict"] == "pass"


def test_a_page_that_fails_leaves_the_figures(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """All other files are written; the page says where the figures are."""
    monkeypatch.setattr(reports.build.ReportPage, "render", _fails)
    build_report(run)
    assert "could not be drawn: ZeroDivisionError: no &lt;columns&gt;" in (run / "report.html").read_text()
    for name in ("summary.json", "junit.xml", "summary.md", "support.csv", "chart.svg"):
        assert (run / name).stat().st_size, name


def test_a_damaged_library_in_the_cache_is_built_again(
    run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A cut file is not what was written; a cache that cannot be written does not matter."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    build_report(run)
    page = (run / "report.html").read_text()
    (cached,) = (tmp_path / "cache" / "streamsoak").iterdir()
    whole = cached.read_bytes()
    cached.write_bytes(whole[: len(whole) // 2])
    build_report(run)
    assert (run / "report.html").read_text() == page
    assert cached.read_bytes() == whole
    cached.unlink()
    cached.parent.rmdir()
    cached.parent.touch()
    build_report(run)
    assert (run / "report.html").read_text() == page
