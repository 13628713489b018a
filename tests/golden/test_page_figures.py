"""Every number on a report page is the figure that it claims to be, and no two places give one name two values."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from reports.build import plain
from reports.charts.renderer import Renderer
from reports.log.log import open_log
from reports.page import sections
from reports.page.page import ReportPage
from reports.summary import analyse

from .impossible import negative
from .page_reader import Element, PageReader, assert_each_number_is_named, read_page
from .runs import RUNS, crowded

_CHECKED = ("header", "first", "slots", "leaks", "keep-alives", "profiles", "generator")
"""The parts of a page that have no number without a name."""
_OF_TIMES = ("slots", "leaks")
"""Those whose tables have times and ids beside figures."""


def _may_be_loose(part: str, text: str, around: list[Element]) -> bool:
    return (
        any(element.tag in ("th", "caption", "details") for element in around)
        or (part in _OF_TIMES and any(element.tag == "table" for element in around))
        or any(element.classes & {"distance", "missing", "key"} for element in around)
        or text in ("99 % had more",)
        or "support.csv" in text
    )


@dataclass
class _Page:
    summary: dict[str, Any]
    figures: dict[str, Any]
    read: PageReader
    charts: dict[str, list[dict[str, Any]]]
    """The rows of each chart."""
    said: dict[str, str]
    """What stands in the place of a chart that would be a flat line."""


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, _Page]]:
    """The page of each kind of run."""
    folder = tmp_path_factory.mktemp("runs")
    found = {}
    with Renderer() as renderer:
        for name, write in RUNS.items():
            with closing(open_log(write(folder / name))) as log:
                analysis = analyse(log)
                page = ReportPage(analysis, renderer)
                read = read_page(page.render(), _CHECKED, _may_be_loose)
                summary = json.loads(json.dumps(plain(analysis.summary)))
                figures = {**sections.figures(analysis), **summary}
                charts = {chart: _rows(spec) for chart, spec in page.drawing.specs.items()}
                assert page.drawing.failures == {}
            found[name] = _Page(summary, figures, read, charts, page.drawing.sentences)
    yield found


def _rows(spec: dict[str, Any]) -> list[dict[str, Any]]:
    return next((data["values"] for data in spec["data"] if data["name"] == "rows"), [])


_NAMES = (
    (r"At ([\d,]+) concurrency hits?, leaked", "concurrency_hits/count"),
    (r"[Aa]t the ([\d,]+) hits? ", "concurrency_hits/count"),
    (r"leaked sessions held ([\d.,]+) ", "concurrency_hits/slots/leaked"),
    (r"[Ll]eaks caused ([\d,]+) of", "concurrency_hits/without_leaks/caused"),
    (r"They caused ([\d,]+) of", "concurrency_hits/without_leaks/caused"),
    (r"caused [\d,]+ of ([\d,]+) first", "concurrency_hits/without_leaks/measured"),
    (r"[Ww]ithout the leaks, ([\d,]+) first", "concurrency_hits/without_leaks/first_attempts"),
    (r"peak(?: was|,)? ([\d,]+)", "sessions/peak"),
    (r"of ([\d,]+) sessions \([^)]*\) were left", "sessions/opened"),
    (r"limit is ([\d,]+)", "limit"),
)
"""What sentences call a figure."""


@pytest.mark.parametrize("name", RUNS)
def test_each_number_is_the_figure_that_it_claims_to_be(pages: dict[str, _Page], name: str) -> None:
    """In sentences, tiles and tables, above the charts and around them; and each section was drawn."""
    assert_each_number_is_named(pages[name].read, pages[name].figures, _NAMES, more_than=10)


@pytest.mark.parametrize("name", RUNS)
def test_charts_show_what_the_figures_say(pages: dict[str, _Page], name: str) -> None:
    """The peak and the limit are reached where they were; rows add up to the counts."""
    page = pages[name]
    summary, charts = page.summary, page.charts
    if "sessions" in charts:
        rows = charts["sessions"]
        assert max(row["most"] for row in rows) == summary["sessions"]["peak"]
        if summary["concurrency_hits"]["count"] and summary["sessions"]["peak"] == summary["limit"]:
            assert any(row["most"] == summary["limit"] for row in rows)
        holders = [name for name in summary["slot_seconds"] if name in rows[0]]
        assert all(sum(row[holder] for holder in holders) == row["most"] >= row["least"] for row in rows)
    hits = summary["concurrency_hits"]
    assert sum(row["all"] for row in charts.get("hits", [])) == hits["count"]
    assert sum(row["first"] for row in charts.get("hits", [])) == hits["first_attempts"]
    measured = {f"latency-{kind}": values for kind, values in summary["latency"].items()}
    if summary["keep_alive"]["margin"]["n"]:
        measured["margins"] = summary["keep_alive"]["margin"]
    for name, values in measured.items():
        if name in page.said:
            assert values["max"] == pytest.approx(values["min"], abs=1e-6)
        else:
            assert sum(row["n"] for row in charts[name]) == values["n"]


@pytest.mark.parametrize("name", RUNS)
def test_sums_of_a_summary_add_up(pages: dict[str, _Page], name: str) -> None:
    """Peaks within the limit, parts within their whole, no negative count anywhere."""
    summary = pages[name].summary
    hits, replay = summary["concurrency_hits"], summary["concurrency_hits"]["without_leaks"]
    assert sum(summary["sessions"]["fates"].values()) == summary["sessions"]["opened"]
    assert summary["limit"] is None or summary["sessions"]["peak"] <= summary["limit"]
    if replay["first_attempts"] is not None:
        assert replay["caused"] == max(0, replay["measured"] - replay["first_attempts"])
        assert sum(leak["refusals"] for leak in summary["leaks"]) <= replay["caused"] + 0.001
    assert sum(leak["slot_seconds"] for leak in summary["leaks"]) <= summary["slot_seconds"]["leaked"] + 0.001
    assert sum(hits["held_by"].values()) == pytest.approx(1 if hits["held_by"] else 0)
    assert list(negative(summary)) == []


def test_a_replay_that_fails_its_check_gives_no_figure(pages: dict[str, _Page]) -> None:
    """Nor does a run without a limit; the sentence under the verdict says that it cannot be told."""
    for name in ("replay-fails", "without-limit"):
        page = pages[name]
        shown = {path for path, _, _ in page.read.figures if "without_leaks" in path}
        assert shown == {"concurrency_hits/without_leaks/measured"}
        assert page.summary["concurrency_hits"]["without_leaks"]["first_attempts"] is None
        assert "How many refusals the leaks caused cannot be told" in page.summary["cause"]
        assert not re.search(r"\d", page.summary["cause"])


def test_each_inconclusive_gate_says_why(pages: dict[str, _Page]) -> None:
    """In its own line."""
    told = {gate["gate"]: gate["shown"] for gate in pages["doubtful"].summary["gates"] if gate["result"] == "unknown"}
    assert len(told) == 3
    assert "in doubt: the load generator stalled" in told["keep_alive.margin.p1 < 1s"]
    assert told["latency.start.p99 < 1s"] == "not measured: no start call was sent"
    assert "too few answers" in told["latency.new.p95 drift < 10%/h"]


def test_the_costliest_leak_is_named(pages: dict[str, _Page]) -> None:
    """One zombie among hundreds of sessions: its refusals, its time, in a finding, in the table and as what to fix."""
    page = pages["zombie"]
    (leak,) = page.summary["leaks"]
    caused = page.summary["concurrency_hits"]["without_leaks"]["caused"]
    assert leak["way"] == "zombie"
    assert leak["refusals"] == caused > 50
    assert leak["slot_seconds"] > 3 * 3600 - 300
    assert f"The costliest, session {leak['session']} (zombie), held its slot for 2 h 58 min" in page.read.text
    assert "leaks-held-the-limit" in [each["finding"] for each in page.summary["fix_first"]]
    assert ("leak_rows/0/hits", "number", f"{leak['hits']:,}") in page.read.figures


def test_gates_that_passed_are_folded_and_the_others_are_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Failed ones first, then inconclusive ones, each with its reason and its distance; those beyond the most are folded."""
    gates = ("sessions.opened > 1", "sessions.leaked == 0", "latency.task.p99 < 1s", "latency.start.p99 < 1s")
    with closing(open_log(crowded(tmp_path / "run", gates))) as log, Renderer() as renderer:
        page = ReportPage(analyse(log), renderer)
        seen, folded = _gates(page.render())
        monkeypatch.setattr("reports.page.page.MOST_OPEN", 1)
        fewer, more = _gates(page.render())
    assert [line.split()[0] for line in seen] == ["fail", "inconclusive", "inconclusive"]
    assert "sessions.leaked == 0: 1; 1 above the bound" in seen[0]
    assert "not measured: no task call was sent" in seen[1]
    assert folded == {"pass 1 gate": ["pass sessions.opened > 1: 2; 1 above the bound"]}
    assert fewer == seen[:1]
    assert list(more) == ["unknown 2 gates", "pass 1 gate"]
    assert more["unknown 2 gates"] == seen[1:]


def _gates(page: str) -> tuple[list[str], dict[str, list[str]]]:
    """The lines of gates that are seen at once; and those that are folded, by the text that unfolds them."""
    (part,) = re.findall(r'<div class="gates">(.*?)</div>', page, re.DOTALL)
    folded = {
        _text(label): list(map(_text, re.findall(r"<li.*?</li>", lines, re.DOTALL)))
        for label, lines in re.findall(r"<details>\s*<summary>(.*?)</summary>(.*?)</details>", part, re.DOTALL)
    }
    seen = re.sub(r"<details>.*?</details>", "", part, flags=re.DOTALL)
    return list(map(_text, re.findall(r"<li.*?</li>", seen, re.DOTALL))), folded


def _text(markup: str) -> str:
    return html.unescape(" ".join(re.sub(r"<[^>]*>", "", markup).split()))


def test_a_report_says_what_an_api_without_a_call_leaves_unknown(pages: dict[str, _Page]) -> None:
    """Folded on the first screen, in summary.json and in summary.md; nothing of the API that has every call."""
    page = pages["other-api"]
    name, limits = page.summary["api"]["name"], page.summary["api"]["limits"]
    assert name == "d-id"
    assert any(
        said.startswith("The API has no list: when sessions that nobody closed ended is not observed")
        for said in limits
    )
    assert any(said.startswith("The API has no keep-alive") for said in limits)
    assert "The API sets the idle timeout: 5 min for every session." in limits
    assert f"d-id: {len(limits)} things that this run could not do or know" in page.read.text
    assert all((f"api/limits/{number}", "text", said) in page.read.figures for number, said in enumerate(limits))
    assert pages["passed"].summary["api"] == {"name": "konpro", "limits": []}
    assert "could not do or know" not in pages["passed"].read.text
