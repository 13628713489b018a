"""The pages in a real browser: the report, offline; and Locust's web UI with our users in it."""

from __future__ import annotations

import re
import signal
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import requests

from reports.build import build_report
from reports.charts.renderer import Renderer
from reports.log.log import open_log
from reports.page.page import ReportPage
from reports.summary import analyse
from tests.golden.story import Story

from .accessibility import serious
from .crew import free_port
from .locust_run import finish, start_locust, truth

_HOSTILE = '</script><script>document.title="owned"</script><img src=x onerror="document.title=\'owned\'">"\'&{{7*7}}'


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A report of a run in which the API's strings are hostile; one session leaks, one lingers."""
    story = Story().opens(1, 1.0).listed(1, 1.5).leaves(1, 4.0, "abandon").vanishes(1, 30.5, 31.5)
    story.opens(2, 2.0).note(2, "quiet", 5.0, 10.0).call(2, "keep_alive", 12.0).note(2, "resume", 15.0)
    story.call(2, "keep_alive", 18.0).stops(2, 20.0).note(0, "loop", 40.0, 0.001)
    story.note(3, "arrive", 12.0, 9.0, "close").refused(3, 12.0).note(3, "give-up", 12.01, 1, "concurrency-limit")
    story.call(4, "new", 13.0, outcome="fail", status=400, reason="refused", detail=_HOSTILE, took=0.2)
    story.note(0, "loop", 20.0, 0.002)
    story.opens(5, 3.0).listed(5, 3.5).leaves(5, 5.0, "crash")
    hostile = {"id-1": _HOSTILE, "id-5": f"=1+1,{_HOSTILE}"}
    story.rows[:] = [row._replace(detail=hostile.get(row.detail or "", row.detail)) for row in story.rows]
    return _led(story.looks(60).write(tmp_path_factory.mktemp("report") / "run"))


def _led(run: Path) -> Path:
    """The report of `run`, whose findings lead to the chart of sessions from 10 to 14 s."""
    build_report(run)
    log = open_log(run)
    analysis = analyse(log)
    led = [replace(finding, chart="sessions", interval=(10.0, 14.0)) for finding in analysis.findings]
    with Renderer() as renderer:
        page = ReportPage(replace(analysis, findings=led), renderer).render()
    (run / "report.html").write_text(page, encoding="utf-8")
    log.close()
    return run / "report.html"


def _open(page: Any, report: Path) -> None:
    page.goto(report.as_uri())
    page.wait_for_function("window.drawn.length > 0 && Promise.all(window.drawn).then(() => true)")


def _plot(page: Any, chart: str) -> dict[str, float]:
    """Where on the screen a chart has its plot."""
    box: dict[str, float] = page.locator(f"#chart-{chart} .role-frame > g > path.background").bounding_box()
    return box


def test_the_report_draws_its_charts_offline_without_complaint(page: Any, report: Path) -> None:
    """Every chart has marks, the console is silent, and no request leaves the page."""
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.context.set_offline(True)
    _open(page, report)
    for chart in ("sessions", "hits", "leaks", "margins", "margins-by-size", "latency-new", "delays"):
        assert page.locator(f"#chart-{chart} svg path, #chart-{chart} svg line").count() > 5, chart
    assert page.complaints == []
    assert [url for url in asked if not url.startswith(("file:", "data:", "blob:"))] == []


@pytest.mark.parametrize("chart", ["sessions", "leaks"])
def test_tooltips_tell_the_time(page: Any, report: Path, chart: str) -> None:
    """Wherever the pointer is over a mark: a clock, and no figure that is none."""
    _open(page, report)
    texts = []
    page.locator(f"#chart-{chart}").scroll_into_view_if_needed()
    plot = _plot(page, chart)
    for share in range(2, 99, 4):
        for height in (0.3, 0.6, 0.9):
            page.mouse.move(plot["x"] + plot["width"] * share / 100, plot["y"] + plot["height"] * height)
            tip = page.locator("#tip")
            if tip.is_visible():
                texts.append(tip.inner_text())
    assert texts
    assert [text for text in texts if "NaN" in text or "undefined" in text] == []
    assert any(re.search(r"\b\d:\d\d\.\d\b", text) for text in texts), texts[:3]


def test_the_report_shows_what_summary_json_says(page: Any, report: Path) -> None:
    """Opened, hits and the leak on the page are those of the file."""
    page.goto(report.as_uri())
    assert page.inner_text("#opened") == "3"
    assert "The API refused 1 attempt with" in page.inner_text("main")
    assert "leaked-reaped" in page.inner_text("#leak-table")


def test_hostile_strings_from_the_api_stay_text(page: Any, report: Path) -> None:
    """An id that is a script is shown, not run: in the table of leaks, in the explorer, in a timeline."""
    _open(page, report)
    assert _HOSTILE in page.inner_text("#leak-table")
    page.fill("#search", "onerror 1+1")
    assert page.inner_text("#matches") == "1 session"
    assert f"=1+1,{_HOSTILE}" in page.inner_text("#timeline")
    page.fill("#search", "")
    page.click("#sessions-table button[data-session='1']")
    assert _HOSTILE in page.inner_text("#timeline")
    assert page.title().startswith("pass")
    assert page.locator("img").count() == 0


def test_the_page_is_small(report: Path) -> None:
    """At most 2 MB, whatever the run's length."""
    assert report.stat().st_size <= 2_000_000


def test_the_page_of_a_large_run_is_small_and_says_what_it_leaves_out(page: Any, tmp_path: Path) -> None:
    """Three thousand sessions, a third of them leaks with a hundred keep-alives each, and ids as long as they come."""
    story = Story()
    for number in range(1, 3001):
        story.call(number, "new", number / 10, value=30.0, detail=f"{number}-{'x' * 400}")
        for beat in range(100 if number % 3 == 0 else 0):
            story.call(number, "keep_alive", number / 10 + 1 + beat)
        if number % 3:
            story.leaves(number, number / 10 + 5, "close").stops(number, number / 10 + 5)
        else:
            story.leaves(number, number / 10 + 100, "abandon").vanishes(number, number / 10 + 130, number / 10 + 131)
    run = story.looks(440).write(tmp_path / "run", limit=None)
    build_report(run)
    assert (run / "report.html").stat().st_size <= 2_000_000
    _open(page, run / "report.html")
    assert "400 of 3,000 sessions" in page.inner_text("section:has(#explorer)")
    page.fill("#search", "unclosed")
    assert "21 calls in the middle omitted" in page.inner_text("#timeline")


def test_the_first_screen_tells_the_story_without_scrolling(page: Any, report: Path) -> None:
    """Verdict, cause, chart, holders, what to fix and figures; a thing to fix leads to its finding, unfolded."""
    page.set_viewport_size({"width": 1440, "height": 900})
    _open(page, report)
    for part in ("h1", ".cause, header .doubt", "#chart-sessions svg", ".first .bars", ".fix", ".tiles"):
        box = page.locator(part).first.bounding_box()
        assert box["y"] + box["height"] <= 900, part
    link = page.locator(".fix a").first
    name = link.inner_text()
    assert not page.locator(f"#finding-{name} .advice").is_visible()
    link.click()
    assert page.locator(f"#finding-{name} .advice").is_visible()
    assert page.complaints == []


def test_a_finding_leads_to_its_chart_with_the_interval_shaded(page: Any, report: Path) -> None:
    """The link goes to the chart, and the shade lies over 10 to 14 s of the run's 59.5, in every chart over time."""
    _open(page, report)
    page.click(".findings summary >> nth=0")
    page.click(".findings a[data-shade] >> nth=0")
    assert "#chart-sessions?finding=" in page.url
    for chart in ("sessions", "hits", "leaks"):
        # Without the stroke around it.
        shade = page.locator(f"#chart-{chart} .shaded_marks path").evaluate(
            "p => ({ x: p.getBBox().x, width: p.getBBox().width })"
        )
        width = _plot(page, chart)["width"]
        assert shade["x"] / width == pytest.approx(10 / 59.5, rel=0.01), chart
        assert shade["width"] / width == pytest.approx(4 / 59.5, rel=0.01), chart


def test_a_finding_leads_to_its_sessions(page: Any, report: Path) -> None:
    """The explorer then shows those that it names."""
    _open(page, report)
    page.click(".findings summary:has-text('unclosed-sessions')")
    page.click(".findings li:has-text('unclosed-sessions') a[data-search]")
    assert page.input_value("#search") == "unclosed-sessions"
    numbers = page.locator("#sessions-table tbody button").all_inner_texts()
    assert sorted(numbers) == ["1", "5"]


def test_a_window_dragged_over_one_chart_is_laid_over_all(page: Any, report: Path) -> None:
    """Dragged from a quarter to a half; typed; and the whole run again."""
    _open(page, report)
    page.locator("#chart-sessions").scroll_into_view_if_needed()
    plot = _plot(page, "sessions")
    middle = plot["y"] + plot["height"] / 2
    page.mouse.move(plot["x"] + plot["width"] / 4, middle)
    page.mouse.down()
    page.mouse.move(plot["x"] + plot["width"] / 2, middle, steps=5)
    page.mouse.up()
    low, high = (_seconds(page.input_value(f"#window input[name={name}]")) for name in ("from", "to"))
    assert (low, high) == (pytest.approx(15, abs=0.5), pytest.approx(30, abs=0.5))
    assert page.locator("#chart-sessions .brush_brush path[d]").evaluate_all(_WIDTHS) == [0]
    for chart in ("sessions", "hits", "leaks", "margins", "latency-new", "delays"):
        page.wait_for_function(
            "id => !document.querySelector(`#${id} svg`).textContent.includes('0:00')", arg=f"chart-{chart}"
        )
        assert "0:20" in page.locator(f"#chart-{chart} svg").text_content(), chart
    page.click("#whole")
    page.wait_for_function("() => document.querySelector('#chart-hits svg').textContent.includes('0:00')")
    page.fill("#window input[name=from]", "0:00:40")
    page.fill("#window input[name=to]", "50")
    page.press("#window input[name=to]", "Enter")
    page.wait_for_function("() => document.querySelector('#chart-hits svg').textContent.includes('0:45')")
    assert page.complaints == []


def test_the_link_brings_another_reader_to_the_same_place(page: Any, report: Path) -> None:
    """A page opened with the URL shows the window, finding, session and times; the chart is whole, not under the bar."""
    _open(page, report)
    page.fill("#search", "id-2")
    page.click("#sessions-table button[data-session='2']")
    page.click(".findings summary >> nth=0")
    page.click(".findings a[data-shade] >> nth=0")
    page.fill("#window input[name=from]", "5")
    page.fill("#window input[name=to]", "0:00:50")
    page.press("#window input[name=to]", "Enter")
    page.select_option("#window select[name=times]", "utc")
    link = page.url
    page.goto("about:blank")
    page.goto(link)
    page.wait_for_function("window.drawn.length > 0 && Promise.all(window.drawn).then(() => true)")
    assert [page.input_value(f"#window input[name={name}]") for name in ("from", "to")] == ["0:00:05", "0:00:50"]
    assert page.inner_text("#timeline h3").startswith("Session 2:")
    assert page.input_value("#window select[name=times]") == "utc"
    assert re.match(r"\d\d:\d\d:\d\d", page.inner_text("#leak-table td [data-ms]"))
    assert page.locator("#chart-sessions .shaded_marks path").count() == 1
    page.wait_for_function("() => document.getElementById('chart-sessions').getBoundingClientRect().top > 0")
    bar, chart = (page.locator(place).bounding_box() for place in ("#window", "#chart-sessions"))
    assert bar["y"] + bar["height"] <= chart["y"] or chart["y"] + chart["height"] <= bar["y"]
    assert chart["y"] + chart["height"] <= 900
    labels = page.locator("#chart-hits svg .role-axis-label text").all_text_contents()
    assert [label for label in labels if ":" in label and not re.fullmatch(r"\d\d:\d\d:\d\d", label)] == []
    assert "NaN" not in page.locator("#chart-hits svg").text_content()
    page.select_option("#window select[name=times]", "run")
    page.click("#whole")
    assert "from=" not in page.url
    assert "times=" not in page.url
    assert page.complaints == []


def test_a_field_that_holds_no_time_is_told_so(page: Any, report: Path) -> None:
    """The window stays as it was."""
    _open(page, report)
    page.fill("#window input[name=from]", "soon")
    page.press("#window input[name=from]", "Enter")
    assert page.inner_text("#window-shown") == "Give from and to as h:mm:ss."
    assert "from=" not in page.url


def test_tables_are_sorted_by_their_heads(page: Any, report: Path) -> None:
    """The largest first, then the smallest; "–" last in both; the head says which."""
    _open(page, report)
    head = page.locator("#leak-table th:has-text('left')").first
    rows = "#leak-table tbody tr td:first-child"
    assert page.locator(rows).count() == 2
    head.locator("button").click()
    assert head.get_attribute("aria-sort") == "descending"
    assert page.locator(rows).all_inner_texts() == ["5", "1"]
    head.locator("button").click()
    assert head.get_attribute("aria-sort") == "ascending"
    assert page.locator(rows).all_inner_texts() == ["1", "5"]
    page.click("#sessions-table th:has-text('opened') button")
    assert page.locator("#sessions-table button[data-session]").all_inner_texts() == ["5", "2", "1"]
    keys = page.evaluate(
        "texts => texts.map((text) => sortKey(element('td', {}, text)))",
        [
            *("1 h 5 min", "250 ms", "0:01:05.2", "1:05.5", "3.1 %", "1,234", "–", "−2 s", "<0.01 %", "quiet", "12 KB"),
            *("+22.9 ms (+87 %)", "+11.6 ms to +34.2 ms", "+9.9 s (+8,725 %)", "58 (42 to 75)"),
        ],
    )
    assert keys == [3900, 0.25, 65.2, 65.5, 3.1, 1234, "", -2, 0.01, "quiet", 12000, 0.0229, 0.0116, 9.9, 58]


def test_charts_are_saved_as_a_picture_and_as_a_table(page: Any, report: Path) -> None:
    """The PNG has the colours of the page and the hatching of leaks; the CSV has the chart's rows."""
    page.context.set_offline(True)
    _open(page, report)
    saved = {}
    for kind in ("PNG", "CSV"):
        with page.expect_download() as download:
            page.click(f"#chart-leaks + .saves button:text-is('{kind}')")
        saved[download.value.suggested_filename] = Path(download.value.path()).read_bytes()
    assert saved["chart-leaks.png"].startswith(b"\x89PNG")
    assert len(saved["chart-leaks.png"]) > 3000
    lines = saved["chart-leaks.csv"].decode().splitlines()
    assert lines[0].split(",")[:3] == ["session", "way", "fate"]
    assert [line.split(",")[0] for line in lines[1:]] == ["1", "5"]
    assert page.complaints == []


_WIDTHS = "paths => paths.map((path) => path.getBBox().width)"


def _seconds(clock: str) -> float:
    """Seconds in "0:01:05.2"."""
    hours, minutes, seconds = clock.split(":")
    return 3600 * int(hours) + 60 * int(minutes) + float(seconds)


def test_the_keyboard_reaches_the_explorer(page: Any, report: Path) -> None:
    """From the search box to the table and its rows; the arrow shows the next session."""
    _open(page, report)
    page.focus("#search")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.getAttribute('aria-label')") == "Sessions that match"
    for _ in range(7):
        # Over the six heads, which sort, to the row that is shown.
        page.keyboard.press("Tab")
    first = page.inner_text("#timeline h3")
    page.keyboard.press("ArrowDown")
    assert page.inner_text("#timeline h3") != first
    assert page.evaluate("document.activeElement.dataset.session") in page.inner_text("#timeline h3")


@pytest.mark.parametrize("width", [390, 1280])
def test_nothing_is_wider_than_the_screen(page: Any, report: Path, width: int) -> None:
    """On a phone, too, the page scrolls one way only."""
    page.set_viewport_size({"width": width, "height": 844})
    _open(page, report)
    assert page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious(page: Any, report: Path, scheme: str) -> None:
    """Contrast, names, roles, focus, by axe-core's rules."""
    page.emulate_media(color_scheme=scheme)
    _open(page, report)
    assert serious(page) == {}


def test_support_csv_downloads_from_the_page(page: Any, report: Path) -> None:
    """The same as the file beside it, offline."""
    page.context.set_offline(True)
    _open(page, report)
    with page.expect_download() as download:
        page.click("a[download='support.csv']")
    assert download.value.suggested_filename == "support.csv"
    text = Path(download.value.path()).read_text(encoding="utf-8")
    assert text == (report.parent / "support.csv").read_text(encoding="utf-8")
    assert "'=1+1," in text


def test_the_page_prints_black_on_white(page: Any, report: Path) -> None:
    """In the dark as well, and without what only works on a screen."""
    page.emulate_media(color_scheme="dark", media="print")
    _open(page, report)
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert not page.locator("nav").is_visible()
    assert not page.locator("#explore").is_visible()


def _until(condition: Callable[[], bool], seconds: float = 30.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.1)  # between two looks at a condition with a bound


@pytest.fixture
def web_ui(tmp_path: Path) -> Iterator[tuple[str, Path]]:
    """Locust's web UI as `locust` alone starts it (with a free port, and the sandbox's log)."""
    port = free_port()
    process = start_locust(tmp_path, "--web-port", str(port), "--sandbox-log", "truth.jsonl", "--observe", "1")
    url = f"http://127.0.0.1:{port}"

    def answers() -> bool:
        try:
            return requests.get(url, timeout=1).ok
        except requests.ConnectionError:
            return False

    _until(answers)
    yield url, tmp_path
    process.send_signal(signal.SIGTERM)
    finished = finish(process, tmp_path)
    assert all("cause" in facts for facts in truth(finished.truth).values())


def test_a_run_from_the_web_ui(page: Any, web_ui: tuple[str, Path]) -> None:
    """Started from Locust's own form, stopped by the button; it leaves a report, and requests in Locust's own table."""
    url, folder = web_ui
    page.goto(f"{url}/?locust")
    page.fill("input[name=userCount]", "40")
    page.fill("input[name=spawnRate]", "40")
    page.get_by_role("button", name=re.compile("start", re.IGNORECASE)).click()
    page.get_by_text("/v1/streaming.new").first.wait_for(timeout=30_000)
    page.get_by_role("button", name=re.compile("stop", re.IGNORECASE)).first.click()
    _until(lambda: any(folder.glob("runs/*/report.html")), 60)
    assert page.complaints == []


def test_the_web_ui_listens_on_this_machine_only_and_never_shows_the_key(web_ui: tuple[str, Path]) -> None:
    """Locust's own default is every interface."""
    from .locust_run import KEY

    url, folder = web_ui
    assert KEY not in requests.get(url, timeout=5).text
    port = int(url.rsplit(":", 1)[1])
    listening = {
        line.split()[1] for line in Path("/proc/net/tcp").read_text().splitlines()[1:] if line.split()[3] == "0A"
    }
    assert f"0100007F:{port:04X}" in listening
    assert f"00000000:{port:04X}" not in listening
    requests.post(f"{url}/swarm", data={"user_count": 2, "spawn_rate": 2, "host": ""}, timeout=5)
    _until(lambda: any(folder.glob("runs/*/ledger.jsonl")))
    assert requests.post(f"{url}/stop", timeout=60).ok
    _until(lambda: any(folder.glob("runs/*/report.html")), 60)
