"""Every number on a comparison's page is the figure that it claims to be: in sentences, in the table and in the charts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from reports.charts.renderer import Renderer
from reports.compare.charts import changes_as_forest, course, most_changed, with_base
from reports.compare.comparison import Comparison, compare_runs
from reports.compare.markdown import write as as_markdown
from reports.compare.page import page_figures, render
from reports.compare.wording import FORMS, in_words, shown_change, shown_interval
from reports.html.figures import FORMS as COMMON

from .page_reader import Element, PageReader, assert_each_number_is_named, read_page
from .runs import RUNS

_PAIRS = (("leaking", "defects"), ("failing", "replay-fails"), ("doubtful", "without-limit"))
_CHECKED = ("changes", "courses", "the-runs")


def _may_be_loose(part: str, text: str, around: list[Element]) -> bool:
    tags = {element.tag for element in around}
    # Names of figures, and what they are; versions of the software.
    return (
        bool(tags & {"th", "caption", "h3", "code"})
        or text.startswith("Not drawn")
        or "95 % interval" in text
        or part == "the-runs"
        or ", p" in text
    )


@dataclass
class _Page:
    comparison: Comparison
    read: PageReader


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, _Page]]:
    """The comparison of each pair, by the name of its run."""
    folder = tmp_path_factory.mktemp("runs")
    found = {}
    with Renderer() as renderer:
        for base, run in _PAIRS:
            comparison = compare_runs(*(RUNS[name](folder / name) for name in (base, run)), 1)
            read = read_page(render(comparison, renderer), _CHECKED, _may_be_loose)
            found[run] = _Page(comparison, read)
    yield found


_NAMES = [run for _, run in _PAIRS]


@pytest.mark.parametrize("name", _NAMES)
def test_each_number_is_the_figure_that_it_claims_to_be(pages: dict[str, _Page], name: str) -> None:
    """Written in its unit; none is without a name."""
    page = pages[name]
    least = 5 * len(page.comparison.changes)
    assert least > 50
    assert_each_number_is_named(page.read, page_figures(page.comparison), more_than=least, forms={**COMMON, **FORMS})


@pytest.mark.parametrize("name", _NAMES)
def test_page_markdown_and_sentences_agree(pages: dict[str, _Page], name: str) -> None:
    """One change reads alike in all of them."""
    page = pages[name]
    markdown = as_markdown(page.comparison)
    text = " ".join(page.read.text.split())
    for change in page.comparison.changes:
        for told in (shown_change(change), shown_interval(change)):
            assert told in text
            assert told in markdown
        if change.judged in ("regression", "worse", "better"):
            assert in_words(change) in text


@pytest.mark.parametrize("name", _NAMES)
def test_charts_show_what_the_table_says(pages: dict[str, _Page], name: str) -> None:
    """The dots and spans of the forest, and whose course is drawn."""
    comparison = pages[name].comparison
    figures: dict[str, Any] = page_figures(comparison)["changes"]
    for row in changes_as_forest(with_base(comparison.changes)).rows:
        own = figures[row["figure"]]
        drawn = [own[key] / abs(own["base"]) for key in ("change", "low", "high")]
        assert [row[key] for key in ("relative", "low", "high")] == pytest.approx(drawn, abs=1e-4)
    for change in most_changed(comparison):
        assert change.judged in pages[name].read.text
        assert {row["run"] for row in course(change, comparison.seconds).rows} <= {"BASE", "RUN"}
