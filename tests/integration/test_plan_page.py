"""The plan's page in a real browser, offline."""

from __future__ import annotations

import random
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter

from loadtests.model.text.units import format_duration
from loadtests.model.text.wording import percent
from reports.plan.build import write_plan
from reports.plan.model import Model, Question, Silence, Spread, answer
from reports.plan.plan import CapacityPlan, PlanOptions
from tests.golden.runs import RUNS
from tests.golden.story import Story
from tests.unit.test_cli import streamsoak

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
            # One is quiet for longer than some idle timeouts.
            stay = 50 if number == 1 else 8
            story.opens(number, t).leaves(number, t + stay, "close").stops(number, t + stay)
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
    for chart in ("refused", "limits", "blocking", "gaps", "timeout-lost", "timeout-leaks", "steps"):
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


def _figures(plan: Path) -> CapacityPlan:
    text = plan.with_name("plan.json").read_text(encoding="utf-8")
    return TypeAdapter(CapacityPlan).validate_json(text, strict=False)


def _shown(page: Any, name: str = "now") -> tuple[float, float, list[int]]:
    """What the panel says: Erlang, refused, slots."""
    slots = [int(page.inner_text(f"#panel-slots-{name}-{number}").replace(",", "")) for number in range(3)]
    refused = page.inner_text(f"#panel-refused-{name}").rstrip(" %")
    return (
        float(page.inner_text(f"#panel-erlang-{name}")),
        0.0 if refused.startswith("<") else float(refused) / 100,
        slots,
    )


def test_the_panel_agrees_with_plan_json(page: Any, plan: Path) -> None:
    """Each of the examples."""
    _open(page, plan)
    figures = _figures(plan)
    assert figures.what_if
    assert len(figures.what_if.examples) == 4
    for example in figures.what_if.examples:
        page.click(f"#presets button:text-is('{example.name}')")
        erlang, refused, slots = _shown(page)
        assert erlang == pytest.approx(example.answer.erlang, abs=0.05001)
        assert refused == pytest.approx(example.answer.refused, rel=0.06, abs=1e-4)
        assert slots == list(example.answer.slots.values())


def test_recommended_figures_are_the_same_in_all_places(page: Any, plan: Path, tmp_path: Path) -> None:
    """Headline, table, panel and command line: each says the limit for the timeout and the interval, and each gives no more
    refusals than promised when all three are put back.
    """
    _open(page, plan)
    figures = _figures(plan)
    found, model = figures.recommended, figures.model
    assert found
    assert model
    headline = page.inner_text("h1")
    pair = (format_duration(found.idle_timeout), format_duration(found.keep_alive))
    assert f"Ask for {found.limit} slots" in headline
    assert f"idle timeout of {pair[0]} and a keep-alive every {pair[1]}" in headline
    first = page.locator("section:has(#limit) tbody tr").first
    assert first.locator("th").inner_text() == f"recommended: {pair[0]} timeout, keep-alive every {pair[1]}"
    assert first.locator("td.n").nth(2).inner_text().startswith(f"{found.limit} (")

    for name, value in (("limit", found.limit), ("idle_timeout", found.idle_timeout)):
        page.fill(f"#panel-{name}", str(value))
    page.check("#panel input[name=keep_alives]")
    _, refused, slots = _shown(page)
    assert refused == pytest.approx(found.refused, rel=0.06, abs=1e-4)
    assert refused <= found.target
    assert slots[1] == found.limit
    assert _shown(page, "without")[2][1] == found.without_leaks == found.limit - found.saves

    asked = ("--limit", found.limit, "--idle-timeout", found.idle_timeout, "--keep-alive", found.keep_alive)
    runs = [str(plan.parent / name) for name in ("slow", "fast")]
    ended = streamsoak("plan", *runs, "--out", str(tmp_path), *map(str, asked))
    assert ended.returncode == 0, ended.stderr
    again = _figures(tmp_path / "plan.html")
    assert again.asked
    assert again.asked.answer.refused == pytest.approx(found.refused)
    assert again.asked.answer.slots["0.01"] == found.limit
    assert f"For 1 %, ask for {found.limit} slots" in ended.stdout
    assert headline.removeprefix("SIMULATED ") in ended.stdout


def _load(draw: random.Random) -> tuple[Model, Question]:
    """Some load: of the open model with or without retries, or of the closed one."""
    people = draw.choice((0, 0, 7, 80))
    question = Question(
        draw.uniform(0.1, 300),
        draw.uniform(1, 200),
        draw.choice((0.0, draw.random())),
        draw.uniform(30, 900),
        draw.randint(1, 300),
        draw.choice((None, draw.uniform(5, 300))),
    )
    model = Model(
        "busiest stage: day, 1 h",
        "replay",
        draw.uniform(0.1, 300),
        30.0,
        0.1,
        60.0,
        tuple(Silence(draw.uniform(-1, 60), 0.25) for _ in range(4)),
        draw.choice((0.0, 0.3)),
        draw.uniform(0, 500),
        draw.choice((0.0, 3.3)),
        people,
        draw.uniform(1, 60) if people else 0.0,
        draw.choice(((1.0,), (1.0, 0.5, 0.25))),
        draw.uniform(0.9, 1.2),
        Spread(draw.uniform(0.5, 1), draw.uniform(1, 1.5)),
        Spread(draw.uniform(0.5, 1), draw.uniform(1, 1.5)),
        (30.0, 3599.0),
    )
    return model, question


def test_the_panel_is_the_model(page: Any, plan: Path) -> None:
    """Of many loads the page computes what reports/plan/model.py does."""
    _open(page, plan)
    draw = random.Random(3)
    drawn = [_load(draw) for _ in range(150)]
    asked = [[asdict(model), asdict(question)] for model, question in drawn]
    found = page.evaluate("asked => asked.map(([model, question]) => answerOf(model, question))", asked)
    for (model, question), there in zip(drawn, found, strict=True):
        here = answer(model, question)
        assert there["erlang"] == pytest.approx(here.erlang)
        shares = (here.refused, here.refused_low, here.refused_high)
        assert [there[name] for name in ("refused", "low", "high")] == pytest.approx(shares, abs=1e-9)
        assert there["slots"] == list(here.slots.values())


def test_the_link_brings_the_settings_back(page: Any, plan: Path) -> None:
    """What differs from today is in the URL; today's settings leave it plain."""
    _open(page, plan)
    page.fill("#panel-limit", "5")
    page.check("#panel input[name=keep_alives]")
    link, shown = page.url, _shown(page)
    page.click("#link")
    page.wait_for_function("document.getElementById('link-told').textContent !== ''")
    page.goto("about:blank")
    page.goto(link)
    assert page.input_value("#panel-limit") == "5"
    assert page.is_checked("#panel input[name=keep_alives]")
    assert _shown(page) == shown
    page.click("#presets button:text-is('today')")
    assert "limit=" not in page.url
    assert page.complaints == []


def test_shares_read_alike_in_page_and_panel(page: Any, plan: Path) -> None:
    """What the page's script writes is what loadtests/model/text/wording.py writes."""
    _open(page, plan)
    draw = random.Random(5)
    shares = [0.0, 1.0, 0.5, 0.0995, 0.00995, 0.00005, 0.9951, 0.99951, *(draw.random() ** 4 for _ in range(300))]
    found = page.evaluate("shares => shares.map(percent)", shares)
    different = [(share, told) for share, told in zip(shares, found, strict=True) if told != percent(share)]
    assert different == []


def test_the_panel_offers_only_what_the_api_has(page: Any, tmp_path: Path) -> None:
    """An idle timeout that the API sets cannot be changed, and there is no box for keep-alives that it lacks."""
    write_plan([RUNS["other-api"](tmp_path / "run")], tmp_path, PlanOptions())
    _open(page, tmp_path / "plan.html")
    assert page.input_value("#panel-idle_timeout") == "300"
    assert page.is_disabled("#panel-idle_timeout")
    assert page.locator("#panel input[type=range]").count() == 3
    assert not page.locator("#panel input[name=keep_alives]").is_visible()
    figures = _figures(tmp_path / "plan.html")
    assert figures.recommended
    page.click("#presets button:text-is('recommended')")
    assert _shown(page)[2][1] == figures.recommended.limit
    assert page.complaints == []


_IMPOSSIBLE = (
    ("limit", "", "limit: enter a number"),
    ("limit", "20.5", "limit: a whole number of slots, 1 to 1,000,000"),
    ("limit", "0", "limit: a whole number of slots, 1 to 1,000,000"),
    ("idle_timeout", "15", "idle timeout: the API takes 30 to 3599 s"),
    ("idle_timeout", "3600", "idle timeout: the API takes 30 to 3599 s"),
    ("leak_share", "101", "sessions left open: 0 to 100 %"),
    ("arrivals_per_minute", "900000", "this load is too large"),
)


def test_what_the_api_does_not_take_is_told(page: Any, plan: Path) -> None:
    """A reason instead of figures; with a possible value they are back."""
    _open(page, plan)
    for name, value, said in _IMPOSSIBLE:
        before = page.input_value(f"#panel-{name}")
        page.fill(f"#panel-{name}", value)
        assert said in page.inner_text("#panel-problem")
        assert not page.is_visible("#panel-answer")
        page.fill(f"#panel-{name}", before)
        assert page.is_visible("#panel-answer")
        assert not page.is_visible("#panel-problem")


def test_sliders_offer_only_what_the_api_takes(page: Any, plan: Path) -> None:
    """Whole slots from 1 on, timeouts within the range; the chart follows."""
    _open(page, plan)
    line = page.locator("#chart-refused svg .mark-line path").first
    before = line.get_attribute("d")
    for name, least in (("limit", 1), ("idle_timeout", 30), ("leak_share", 0), ("arrivals_per_minute", 0)):
        slider = page.locator(f"#panel input[name={name}-slider]")
        assert float(slider.get_attribute("min")) == least
        slider.focus()
        page.keyboard.press("End")
        assert not page.is_visible("#panel-problem"), name
        assert float(page.input_value(f"#panel-{name}")).is_integer() or name not in ("limit", "idle_timeout")
    page.wait_for_function(
        "before => document.querySelector('#chart-refused svg .mark-line path').getAttribute('d') !== before",
        arg=before,
    )
    assert float(page.locator("#panel input[name=idle_timeout-slider]").get_attribute("max")) <= 3599


def test_the_answer_is_in_the_first_screen(page: Any, plan: Path) -> None:
    """At 1440 × 900: recommendation, what leaks cost, sliders, chart, and the three choices."""
    page.set_viewport_size({"width": 1440, "height": 900})
    _open(page, plan)
    for place in ("h1", "#panel", "#panel-answer", "#chart-refused", ".choices"):
        box = page.locator(place).bounding_box()
        assert box["y"] + box["height"] <= 900, place
    assert "Fixing all leaks saves" in page.inner_text("header")
    assert page.locator(".choice").count() == 3


def test_nothing_is_wider_than_the_screen(page: Any, plan: Path) -> None:
    """On a phone, too, the page scrolls one way only."""
    for width in (1280, 390):
        page.set_viewport_size({"width": width, "height": 844})
        _open(page, plan)
        assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_axe_finds_nothing_serious(page: Any, plan: Path) -> None:
    """Contrast, names, roles, focus, by axe-core's rules."""
    _open(page, plan)
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        assert serious(page) == {}
