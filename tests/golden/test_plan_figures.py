"""Every number on a plan's page is the figure of plan.json that it claims to be, and no two places give one name two values."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from loadtests.model.text.input_error import InputError
from reports.charts.renderer import Renderer
from reports.plan.api import PlannedApi, offers
from reports.plan.build import figures as figures_of_file
from reports.plan.charts import charts_of
from reports.plan.model import TARGETS
from reports.plan.page import page_figures, render
from reports.plan.plan import CapacityPlan, PlanOptions
from reports.plan.planning import build_plan
from reports.plan.prediction.expected import Changes
from reports.plan.sentences import sentences

from .page_reader import Element, PageReader, assert_each_number_is_named, read_page
from .runs import RUNS

_CHECKED = ("choices", "limit", "timeout", "leaks", "how", "blocking", "offered", "steps", "runs")
_CONSTANT = ("95 % interval", "at most 1 % of sessions", "more than 1 % of sessions", "hidden for", "Erlang B", "p95")
"""Texts whose numbers are no figures of a run."""


def _may_be_loose(part: str, text: str, around: list[Element]) -> bool:
    tags = {element.tag for element in around}
    return bool(tags & {"th", "caption", "h2", "h3", "h4"}) or any(said in text for said in _CONSTANT)


@dataclass
class _Page:
    plan: CapacityPlan
    file: dict[str, Any]
    figures: dict[str, Any]
    read: PageReader
    charts: dict[str, list[dict[str, Any]]]
    """The rows of each chart."""


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, _Page]]:
    """The plan of each kind of run."""
    folder = tmp_path_factory.mktemp("runs")
    found = {}
    with Renderer() as renderer:
        for name, write in RUNS.items():
            plan = build_plan([write(folder / name)], PlanOptions())
            read = read_page(render(plan, renderer), _CHECKED, _may_be_loose)
            charts = {chart: build().rows for chart, build in charts_of(plan)}
            found[name] = _Page(plan, figures_of_file(plan), page_figures(plan), read, charts)
    yield found


_NAMES = (
    (r"Ask for ([\d,]+) slots?(?: \(|,| and|\.)", "recommended/limit"),
    (r"Fixing all leaks saves ([\d,]+) slot", "recommended/saves"),
    (r"saves [\d,]+ slots?: without the leaks, ask for ([\d,]+)", "recommended/without_leaks"),
    (r"Today leaks hold ([\d,.]+) slots", "leaks/together/slots"),
    (r"today's load \([^)]*\): ([\d,.]+) Erlang", "what_if/examples/0/answer/erlang"),
    (r"The account's limit is ([\d,]+)", "limit"),
    (r"tolerates ([\d,]+) failed keep-alive", "timeout/survives"),
    (r"stays, ask for ([\d,]+) slot", "choices/0/slots"),
)
"""What sentences call a figure."""


@pytest.mark.parametrize("name", RUNS)
def test_each_number_is_the_figure_that_it_claims_to_be(pages: dict[str, _Page], name: str) -> None:
    """As plan.json has it, in sentences and in tables; what the page puts together for them is in plan.json too."""
    page = pages[name]
    assert_each_number_is_named(page.read, page.figures, _NAMES, more_than=2 if page.plan.unknown else 100)
    assert {key: value for key, value in page.figures.items() if key in page.file} == page.file
    assert page.figures["leak_rows"] == [*page.file["leaks"]["ways"], *filter(None, [page.file["leaks"]["together"]])]


@pytest.mark.parametrize("name", RUNS)
def test_the_terminal_says_what_the_page_says(pages: dict[str, _Page], name: str) -> None:
    """Sentence by sentence."""
    page = pages[name]
    for sentence in sentences(page.plan):
        assert sentence.removeprefix("Warning: ").removeprefix("Simulated: ").split("the run was")[0] in page.read.text


@pytest.mark.parametrize("name", RUNS)
def test_the_recommendation_is_the_same_in_all_places(pages: dict[str, _Page], name: str) -> None:
    """Headline, table of limits, choices, the what-if panel's example, the candidates: one model of one load."""
    plan, figures = pages[name].plan, pages[name].figures
    if plan.unknown:
        assert figures["limit_rows"] == []
        return
    assert plan.recommended
    assert plan.what_if
    today = plan.what_if.examples[0]
    examples = {example.name: example for example in plan.what_if.examples}
    recommended = examples["recommended"]
    at = "0.01"
    assert recommended.answer.slots[at] == recommended.question.limit == plan.recommended.limit
    assert recommended.answer.refused == plan.recommended.refused <= plan.recommended.target
    first = figures["limit_rows"][0]["limits"][1]
    found = plan.recommended
    assert (first["slots"], first["low"], first["high"]) == (found.limit, found.low, found.high)
    own = next(row for row in figures["limit_rows"] if row["settings"].startswith("today") and row["arrivals"] == 1)
    raised = plan.choices[0]
    assert own["limits"][1]["slots"] == today.answer.slots[at] == (raised.slots or today.answer.slots[at])
    assert own["limits"][1]["erlang"] == pytest.approx(today.answer.erlang)
    candidate = next(each for each in plan.timeout.candidates if each.idle_timeout == plan.recommended.idle_timeout)
    pair = plan.timeout.recommended
    assert pair
    assert (pair.idle_timeout, pair.keep_alive) == (plan.recommended.idle_timeout, plan.recommended.keep_alive)
    assert plan.recommended.keep_alive in (candidate.keep_alive, plan.timeout.hidden and plan.timeout.hidden.keep_alive)


@pytest.mark.parametrize("name", RUNS)
def test_charts_show_what_the_tables_say(pages: dict[str, _Page], name: str) -> None:
    """Row by row."""
    plan, charts = pages[name].plan, pages[name].charts
    if "limits" in charts:
        own = [(limit.slots, limit.low, limit.high) for limit in plan.limits if limit.leaks or plan.leaks.together]
        assert [(row["slots"], row["low"], row["high"]) for row in charts["limits"]] == own
    for chart, figure in (("timeout-lost", "lost"), ("timeout-leaks", "leaked_slots_with")):
        for row, candidate in zip(charts.get(chart, ()), plan.timeout.candidates, strict=False):
            assert (row["T"], row["y"]) == (candidate.idle_timeout, pytest.approx(getattr(candidate, figure), abs=1e-4))
    for row, step in zip(charts.get("steps", ()), plan.steps.steps, strict=False):
        assert (row["name"], row["admitted"]) == (step.name, pytest.approx(step.admitted_per_minute, abs=1e-3))
    both = [each for each in plan.blocking if each.measured and each.predicted]
    for row, blocking in zip(charts.get("blocking", ()), both, strict=False):
        assert blocking.measured
        assert (row["stretch"], row["measured"]) == (blocking.stretch, blocking.measured.value)
    if "refused" in charts:
        assert plan.what_if
        today = plan.what_if.examples[0]
        (limit,) = (row for row in charts["refused"] if row["kind"] == "limit")
        assert (limit["slots"], limit["refused"]) == (today.question.limit, today.answer.refused)
        curve = [row for row in charts["refused"] if row["kind"] == "curve" and row["leaks"] == "with these settings"]
        promised = next(row for row in curve if row["refused"] == min(TARGETS))
        assert promised["slots"] == today.answer.slots[f"{min(TARGETS):g}"]


def test_the_plan_keeps_to_what_the_api_offers(pages: dict[str, _Page]) -> None:
    """Another idle timeout than the one that the API sets is in no table, choice or field, nor is a keep-alive that it lacks."""
    page = pages["other-api"]
    plan = page.plan
    assert (plan.api.name, plan.api.idle_range, plan.api.is_fixed, plan.api.has_keep_alive) == (
        "d-id",
        (300, 300),
        True,
        False,
    )
    assert plan.recommended
    assert (plan.recommended.idle_timeout, plan.recommended.keep_alive) == (300, None)
    assert [candidate.idle_timeout for candidate in plan.timeout.candidates] == [300]
    assert plan.choices[2].impossible == "Not possible: the API sets the idle timeout, 5 min"
    text = page.read.text
    assert f"Ask for {plan.recommended.limit} slots" in text
    assert "d-id sets the idle timeout: 5 min for every session. It has no keep-alive." in text
    assert "keep-alive every" not in text
    assert "keep-alives as recorded" not in text
    assert "Clients of konpro ask for an idle timeout of 30 s to 59 min 59 s." in pages["leaking"].read.text


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        (Changes(idle_timeout=60.0), "--idle-timeout: must be 300 s: d-id sets the idle timeout (is 60)"),
        (Changes(keep_alive=20.0), "--keep-alive: must not be given: d-id has no keep-alive"),
    ],
)
def test_what_the_api_does_not_offer_cannot_be_asked_for(tmp_path: Path, changes: Changes, told: str) -> None:
    """The message names the option, the API and what is possible."""
    run = RUNS["other-api"](tmp_path / "run")
    with pytest.raises(InputError, match=re.escape(told)):
        build_plan([run], PlanOptions(changes=changes))


def test_a_guess_of_the_description_is_told() -> None:
    """Of idle timeouts, in the plan's sentence."""
    told = offers(PlannedApi("other", (1.0, 3600.0), False, True, ("idle timeout: taken from another field",)))
    assert told == (
        "Clients of other ask for an idle timeout of 1 s to 1 h."
        " Its description guesses: idle timeout: taken from another field."
    )
