"""One chart or section that fails does not cost the report."""

from __future__ import annotations

import json
import logging
import shutil
import subprocess
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

import reports.build
from reports.build import build_report
from reports.charts.renderer import Renderer, RenderError
from reports.log.log import open_log
from reports.page import charts, sections
from reports.page.page import ReportPage
from reports.summary import analyse

from .story import Story


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run in which one session leaks and one attempt is refused, with its report."""
    story = Story().opens(1, 1.0).listed(1, 1.5).leaves(1, 4.0, "abandon").vanishes(1, 30.5, 31.5)
    story.note(3, "arrive", 12.0, 9.0, "close").refused(3, 12.0).note(3, "give-up", 12.01, 1, "concurrency-limit")
    run = story.looks(60).write(tmp_path_factory.mktemp("whole") / "run")
    build_report(run)
    return run


@pytest.fixture
def run(whole: Path, tmp_path: Path) -> Path:
    """A copy of it."""
    return Path(shutil.copytree(whole, tmp_path / "run"))


def _fails(*_: Any, **__: Any) -> Any:
    raise ZeroDivisionError("no <columns>")


def _summary(run: Path) -> dict[str, Any]:
    summary: dict[str, Any] = json.loads((run / "summary.json").read_text())
    return summary


def test_charts_that_fail_say_so_in_their_place(
    run: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The other charts, the sections, all files and the verdict are as without the failures; the errors are logged."""
    expected = _summary(run)
    files = {path.name for path in run.iterdir()}
    page = (run / "report.html").read_text()
    broken = ("hits_over_time", "sessions_over_time", "latency_over_time")
    for chart in broken:
        monkeypatch.setattr(charts, chart, _fails)
    with caplog.at_level(logging.ERROR):
        build_report(run)
    assert _summary(run) == expected
    assert {path.name for path in run.iterdir()} == files
    told = "This chart could not be drawn: ZeroDivisionError: no &lt;columns&gt;. The figures are in summary.json."
    shown = (run / "report.html").read_text()
    assert shown.count(told) == len(broken)
    assert 0 < shown.count('class="chart"') < page.count('class="chart"')
    assert shown.count("<section") == page.count("<section")
    assert "could not be drawn" not in page
    assert "could not be drawn" in caplog.text
    assert "ZeroDivisionError" in caplog.text


def test_a_section_that_fails_says_so_in_its_place(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each of them: its heading stays, so that links to it lead somewhere."""
    with closing(open_log(run)) as log, Renderer() as renderer:
        built = ReportPage(analyse(log), renderer)
        page = built.render()
        for section in ("slots", "leaks", "explorer", "findings", "first", "profiles"):
            with monkeypatch.context() as patched:
                patched.setattr(sections, section, _fails)
                shown = built.render()
            told = "This section could not be drawn: ZeroDivisionError: no &lt;columns&gt;."
            assert shown.count(told) == 1, section
            assert shown.count("<section") == page.count("<section"), section
            assert shown.count("<h2") == page.count("<h2"), section


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
    page = (run / "report.html").read_text()
    build_report(run)
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
