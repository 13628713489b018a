"""The plan's page in a real browser, offline."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from reports.plan.build import write_plan
from reports.plan.plan import PlanOptions
from reports.plan.what_if import Question, answer
from tests.golden.story import Story

from .accessibility import serious

_HOSTILE = '</script><script>document.title="owned"</script>"\'&{{7*7}}'


@pytest.fixture(scope="module")
def plan(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A plan of two runs whose names are hostile: of sixty people each, every seventh leaves without a close."""
    folder = tmp_path_factory.mktemp("runs")
    runs = [_run(folder / name, gap, name) for name, gap in (("slow", 3.0), ("fast", 1.5))]
    write_plan(runs, folder, PlanOptions())
    return folder / "plan.html"


def _run(folder: Path, gap: float, name: str) -> Path:
    story = Story()
    for number in range(1, 61):
        t = number * gap + (number * 0.37) % 1
        if number % 5 == 0:
            story.note(number, "arrive", t, 9.0, "close").refused(number, t).note(
                number, "give-up", t + 0.01, 1, "concurrency-limit"
            )
        elif number % 7 == 0:
            story.opens(number, t).listed(number, t + 0.5).leaves(number, t + 6, "abandon").vanishes(
                number, t + 29.5, t + 30.5
            )
        else:
            story.opens(number, t).leaves(number, t + 8, "close").stops(number, t + 8)
    return story.looks(60 * gap + 60).write(folder, limit=3, run=f"{name} {_HOSTILE}", load_ended=61 * gap)


def _open(page: Any, plan: Path) -> None:
    page.goto(plan.as_uri())
    page.wait_for_function("window.drawn.length > 0 && Promise.all(window.drawn).then(() => true)")


def test_the_page_draws_its_charts_offline_without_complaint(page: Any, plan: Path) -> None:
    """Every chart has marks, and a table near it; the console is silent; no request leaves the page; at most 2 MB."""
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.context.set_offline(True)
    _open(page, plan)
    for chart in ("limits", "blocking", "gaps", "timeout-lost", "timeout-leaks", "steps"):
        assert page.locator(f"#chart-{chart} svg path, #chart-{chart} svg line").count() > 5, chart
        assert page.locator(f"section:has(#chart-{chart}) table").count() >= 1, chart
    assert page.complaints == []
    assert [url for url in asked if not url.startswith(("file:", "data:", "blob:"))] == []
    assert plan.stat().st_size <= 2_000_000


def test_hostile_names_stay_text(page: Any, plan: Path) -> None:
    """A run's name that is a script is shown, not run."""
    _open(page, plan)
    assert page.title().startswith("Capacity plan")
    assert _HOSTILE in page.inner_text("section:has(#runs)")


def _shown(page: Any) -> tuple[float, float, list[int]]:
    slots = [int(page.inner_text(f"#panel-slots-{number}")) for number in range(3)]
    return float(page.inner_text("#panel-erlang")), float(page.inner_text("#panel-refused").rstrip(" %")) / 100, slots


def test_the_panel_agrees_with_plan_json(page: Any, plan: Path) -> None:
    """Each of the examples, to three digits."""
    _open(page, plan)
    figures = json.loads(plan.with_name("plan.json").read_text(encoding="utf-8"))
    examples = figures["what_if"]["examples"]
    assert len(examples) == 4
    for example in examples:
        page.click(f"#presets button:text-is('{example['name']}')")
        erlang, refused, slots = _shown(page)
        assert erlang == pytest.approx(example["answer"]["erlang"], rel=5e-4)
        assert refused == pytest.approx(example["answer"]["refused"], rel=5e-4, abs=1e-6)
        assert slots == list(example["answer"]["slots"].values())


@pytest.mark.parametrize(
    "asked", [(100.0, 90.0, 0.2, 120.0, 180), (3000.0, 60.0, 0.0, 30.0, 3100), (0.0, 60.0, 0.5, 30.0, 1)]
)
def test_the_panel_is_the_model(page: Any, plan: Path, asked: tuple[float, float, float, float, int]) -> None:
    """Typed by hand: the page computes what reports/plan/what_if.py does."""
    _open(page, plan)
    question = Question(*asked)
    for name, value in vars(question).items():
        page.fill(f"#panel input[name={name}]", str(value))
    silent = json.loads(plan.with_name("plan.json").read_text(encoding="utf-8"))["what_if"]["silent_before"]
    told = answer(question, silent)
    erlang, refused, slots = _shown(page)
    assert erlang == pytest.approx(told.erlang, rel=5e-4)
    assert refused == pytest.approx(told.refused, rel=5e-4, abs=1e-9)
    assert slots == list(told.slots.values())


def test_the_panel_says_nothing_to_nonsense(page: Any, plan: Path) -> None:
    """An empty field, a share above one: no figure."""
    _open(page, plan)
    for name, value in (("leak_share", "1.5"), ("limit", "")):
        page.fill(f"#panel input[name={name}]", value)
        assert page.inner_text("#panel-refused") == "–"


@pytest.mark.parametrize("width", [390, 1280])
def test_nothing_is_wider_than_the_screen(page: Any, plan: Path, width: int) -> None:
    """On a phone, too, the page scrolls one way only."""
    page.set_viewport_size({"width": width, "height": 844})
    _open(page, plan)
    assert page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious(page: Any, plan: Path, scheme: str) -> None:
    """Contrast, names, roles, focus, by axe-core's rules."""
    page.emulate_media(color_scheme=scheme)
    _open(page, plan)
    assert serious(page) == {}
