"""The start page and the Sessions page in a real browser, within a real Locust; and what the web UI refuses."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import requests

from loadtests.model.run.manifest import read_manifest
from loadtests.sandbox.process import SandboxProcess
from loadtests.scenarios.catalogue import load_profiles, profile_files

from .accessibility import serious
from .conftest import BOUND_SECONDS
from .crew import free_port
from .crew import processes as worker_processes
from .locust_run import KEY, finish, start_locust, truth

LOGIN = Path(__file__).parent / "locustfiles" / "login.py"
HOSTILE = '</script><script>document.title="owned"</script><img src=x onerror="document.title=\'owned\'">'
_LONGEST_SECONDS = 60.0
_LONGEST = _LONGEST_SECONDS * 1000


def _until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + _LONGEST_SECONDS
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.1)  # between two looks at a condition with a bound


@contextlib.contextmanager
def _locust(
    cwd: Path, *options: str, start: Callable[..., Any] = start_locust, base: str = ""
) -> Iterator[tuple[str, Any]]:
    """Locust with its web UI, and its address, which ends with the path `base`."""
    port = free_port()
    more = ["--web-base-path", base] if base else []
    process = start(cwd, "--web-port", str(port), *more, *options)
    url = f"http://127.0.0.1:{port}{base}"

    def answers() -> bool:
        assert process.poll() is None, process.communicate()
        with contextlib.suppress(requests.ConnectionError):
            return requests.get(f"{url}/login", timeout=BOUND_SECONDS).status_code < 500
        return False

    _until(answers)
    try:
        yield url, process
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
            try:
                process.communicate(timeout=_LONGEST_SECONDS)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.communicate()


def _start_without_scenario(cwd: Path, *options: str) -> subprocess.Popen[str]:
    """`streamsoak run` with Locust's options alone."""
    return subprocess.Popen(
        [sys.executable, "-m", "loadtests.cli", "run", *options],
        cwd=cwd,
        env={**os.environ, "KONPRO_API_KEY": KEY},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def _await(page: Any, condition: str, argument: object = None) -> None:
    """Wait until an expression holds on the page; its policy forbids Playwright's own way, which needs `eval` there."""
    try:
        _until(lambda: bool(page.evaluate(condition, argument)))
    except AssertionError:
        pytest.fail(f"waited in vain for {condition} on a page that says: {page.inner_text('body')} {page.complaints}")


def _state(url: str) -> dict[str, Any]:
    told: dict[str, Any] = requests.get(f"{url}/sessions/api/state", timeout=BOUND_SECONDS).json()
    return told


@pytest.mark.parametrize("processes", [1, 2])
def test_a_run_is_started_watched_and_stopped_in_the_browser(page: Any, tmp_path: Path, processes: int) -> None:
    """From the form by the scenario's stages to the report: curves move, a hit comes, a leak's countdown ends in "reaped".

    Alone from our start page and by keyboard, with workers from Locust's own page.
    """
    options = ["--sandbox-log", "truth.jsonl"] + ([*worker_processes(2)] if processes > 1 else [])
    with _locust(tmp_path, *options) as (url, process):
        page.goto(url)
        if processes == 1:
            _start_by_keyboard(page)
        else:
            page.get_by_text("2 workers connected").wait_for(timeout=_LONGEST)
            page.get_by_role("link", name="Locust").click()
            _fill_form(page)
            page.get_by_role("button", name=re.compile("^start$", re.IGNORECASE)).click()
            page.get_by_text("Statistics").first.wait_for(timeout=_LONGEST)
            page.click("#streamsoak-sessions")
        _see_curves_move(page)
        _see_a_leak_reaped(page)
        _see_the_state(page)
        assert page.inner_text("#processes") == ("1" if processes == 1 else "3")
        assert re.fullmatch(r"\d+ / 6", page.inner_text("#held"))
        if processes == 1:
            _have_it_judged_so_far(page)
        assert _serious(page) == {}
        _stop(page)
        _see_the_outcome(page)
        _open_report(page)
        _see_the_last_run_at_the_start(page, url)
        assert page.complaints == []
        process.send_signal(signal.SIGTERM)
        finished = finish(process, tmp_path)
    assert all("cause" in facts for facts in truth(finished.truth).values())
    manifest = json.loads((finished.folder / "manifest.json").read_text(encoding="utf-8"))
    assert (manifest["limit"], manifest["scenario"]["name"], manifest["observe"]) == (6, "smoke", 1.0)


def _fill_form(page: Any) -> None:
    """The smoke scenario, held for longer than its ten seconds, on an account with six slots."""
    # A row for each profile, and the box that picks all of them.
    picked = page.locator("input[type=checkbox]:checked")
    page.get_by_text("SeedExample").wait_for(timeout=_LONGEST)
    assert picked.count() >= 5
    page.get_by_text("Custom parameters").click()
    page.get_by_text("Advanced options").click()
    page.select_option("select[name=scenario]", "smoke")
    page.fill("input[name=limit]", "6")
    page.fill("input[name=observe]", "1")
    page.fill("input[name=runTime]", "3m")
    assert KEY not in page.content()


def _start_by_keyboard(page: Any) -> None:
    """The same from our start page, without a mouse; the last card is chosen by the arrow keys."""
    card = page.get_by_role("radio", name=re.compile("^demo"))
    card.wait_for(timeout=_LONGEST)
    card.focus()
    page.keyboard.press("ArrowUp")
    assert page.input_value("input[name=card]:checked") == "smoke"
    for field, value in (
        ("Limit of concurrent sessions", "6"),
        ("Run time", "3m"),
        ("Wait for leaks, in seconds", "1"),
    ):
        if field.startswith("Wait"):
            page.get_by_text("More options").press("Enter")
        page.get_by_label(field).focus()
        page.keyboard.type(value)
    assert page.inner_text("#start") == "Start smoke on the sandbox"
    assert KEY not in page.content()
    page.keyboard.press("Enter")
    page.wait_for_url("**/sessions/", timeout=_LONGEST)


def _see_the_state(page: Any) -> None:
    """In one line, in the tab's title, as events that lead to their moment, and as figures now and at their worst."""
    _await(page, r"/^\d\/6.*(active|leaked|quiet) \d.* refused\./.test(document.getElementById('now').textContent)")
    assert re.match(r"\d/6( FULL)? · smoke · streamsoak", page.title())
    page.get_by_role("button", name="First refusal").click()
    assert "selected" in page.inner_text("#chosen")
    page.click("#follow")
    assert page.locator("#gates li").count() == 2
    _await(page, r"/^-?[\d.]+ m?s$/.test(document.getElementById('margin-worst').textContent)")
    assert page.locator("#profile-table tbody tr").count() == 5


def _stop(page: Any) -> None:
    """Stopped before its time the verdict is unknown, so the page asks first."""
    page.click("#stop")
    page.get_by_role("dialog").get_by_text("The verdict will be inconclusive").wait_for(timeout=_LONGEST)
    page.get_by_role("button", name="Keep running").click()
    assert page.inner_text("#state") == "running"
    page.click("#stop")
    page.click("#stop-anyway")
    _await(page, "document.getElementById('state').textContent === 'ended'")


def _see_the_outcome(page: Any) -> None:
    """The report's headline, totals and findings are on top; nothing on the page is still of the run so far."""
    page.locator("#outcome .headline").wait_for(timeout=_LONGEST)
    said = page.inner_text("#outcome")
    # On a machine that stalls, there are further reasons before this one.
    assert re.match("Inconclusive: .*you stopped the run early", said)
    assert re.search(r"\d+ sessions opened · peak \d, limit 6 · \d+ refused for the limit · \d+ leaked", said)
    assert "unclosed-sessions" in page.text_content("#outcome")
    assert page.title().startswith("Inconclusive · smoke")
    assert "stage" not in page.inner_text("#about")
    assert page.locator("#moments button").last.inner_text().endswith("End of the load")
    assert not page.is_visible("#findings-section")
    opened = [int(each) for each in page.locator("#profile-table td:nth-child(6)").all_inner_texts()]
    assert (len(opened), all(opened)) == (5, True)


def _see_the_last_run_at_the_start(page: Any, url: str) -> None:
    page.goto(url)
    page.locator("#last .headline").wait_for(timeout=_LONGEST)
    assert "Inconclusive" in page.inner_text("#last")
    assert page.locator("#last a", has_text="Open report").count() == 1
    assert _serious(page) == {}


def _see_curves_move(page: Any) -> None:
    page.locator("#held").wait_for(timeout=_LONGEST)
    curve = "document.querySelector('#chart-sessions path[data-key=active]')?.getAttribute('d')"
    _await(page, "parseInt(document.getElementById('held').textContent) > 0")
    before = page.evaluate(curve)
    _await(page, f"before => {curve} !== before", before)
    _await(page, "Number(document.getElementById('hits').textContent) > 0")
    _await(page, "document.querySelector('#chart-hits .bar').getAttribute('d') !== ''")
    page.hover("#chart-sessions svg")
    readout = page.inner_text("#readout")
    assert all(name in readout for name in ("leaked", "hits/s", "listed", "keep-alives late", "margin")), readout


def _see_a_leak_reaped(page: Any) -> None:
    due = page.locator("#leak-table tr:has(td.due)").first
    due.wait_for(timeout=_LONGEST)
    session = due.get_attribute("data-session", timeout=_LONGEST)
    _await(
        page,
        "id => document.querySelector(`#leak-table tr[data-session='${id}'] .reaped`)?.textContent.startsWith('reaped')",
        session,
    )


def _have_it_judged_so_far(page: Any) -> None:
    page.click("#analyse")
    _await(page, "document.getElementById('findings-notice').textContent.includes(' as of ')")
    assert "leaks-held-the-limit" in page.inner_text("#findings")
    assert "run-incomplete" not in page.inner_text("#findings")
    assert page.inner_text("#state") == "running"


def _open_report(page: Any) -> None:
    assert page.locator("#past .unknown").count() == 1
    with page.expect_popup() as popup:
        page.click("#outcome a.button")
    report = popup.value
    refused: list[str] = []
    report.on("console", lambda message: message.type == "error" and refused.append(message.text))
    report.reload()
    report.wait_for_function("window.drawn.length > 0 && Promise.all(window.drawn).then(() => true)", timeout=_LONGEST)
    assert report.locator("#chart-sessions svg path").count() > 5
    assert refused == []
    report.close()


def _serious(page: Any) -> dict[str, dict[str, list[str]]]:
    """What axe-core complains of, light and dark."""
    told: dict[str, dict[str, list[str]]] = {}
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        _await(page, "scheme => document.documentElement.dataset.theme === scheme", scheme)
        if found := serious(page):
            told[scheme] = found
    return told


def _serve(page: Any, url: str, **answers: Any) -> None:
    """Answer parts of the page's JSON API with `answers`."""
    for name, answer in answers.items():
        page.route(f"{url}/sessions/api/{name}", partial(_fulfil, name, json.dumps(answer)))


def _fulfil(name: str, said: str, route: Any) -> None:
    if name == "events":
        route.fulfill(body=f"retry: 60000\ndata: {said}\n\n", content_type="text/event-stream")
    else:
        route.fulfill(body=said, content_type="application/json")


def _told(**figures: Any) -> dict[str, Any]:
    frame = {
        **dict.fromkeys(
            ("active", "quiet", "closing", "leaked", "others", "held", "opened", "hits", "requests", "leaks"), 0
        ),
        "t": 9.0,
        "listed": 0,
        "late": None,
        "margin": None,
        "delay": 0.0,
        "stage": "",
        "processes": 1,
        **{key: [] for key in ("profiles", "due", "reaped", "warnings")},
        **figures,
    }
    return {"run": "a-run", "state": "running", "scenario": "", "host": "", "limit": 5, "analysing": False} | {
        "frame": frame,
        "analysed": 5.0,
        "started": 0.0,
        "duration": 60.0,
        "needs_its_time": True,
        "slack": 1.0,
        "gates": [],
        "moments": [],
        "refused": "",
    }


_EMPTY = {"run": "a-run", "columns": {"t": []}}


def _past(**changes: Any) -> dict[str, Any]:
    return {
        "run": "20260101-000000-one",
        "scenario": "demo",
        "started": 0,
        "simulated": False,
        "duration": 95.0,
        "ended": True,
        "verdict": "pass",
        "sentence": "Passed: 5 of 5 gates hold.",
        "report": True,
        "plan": False,
        "comparison": False,
        "open": 0,
        **changes,
    }


def _gate(**changes: Any) -> dict[str, Any]:
    return {"gate": "concurrency_hits.count == 0", "result": "fails", "shown": "27", "until": 9.0, **changes}


def test_what_a_killed_run_left_open_is_swept_by_a_button(
    page: Any, tmp_path: Path, sandbox: Callable[..., SandboxProcess]
) -> None:
    """Its sessions are open at the API until then; the page says what was done."""
    api = sandbox()
    with _locust(tmp_path, "--host", api.url) as (url, process):
        form = {"user_count": 4, "spawn_rate": 4, "host": api.url, "user_classes": "Quiet"}
        assert requests.post(f"{url}/swarm", data=form, timeout=BOUND_SECONDS).json()["success"]
        _until(lambda: len(api.open_sessions()) == 4)
        process.kill()
        process.wait(BOUND_SECONDS)
    with _locust(tmp_path, "--host", api.url) as (url, _):
        page.goto(f"{url}/sessions/")
        page.get_by_role("button", name="Sweep now (4)").click()
        page.get_by_text("Closed 4 sessions").wait_for(timeout=_LONGEST)
        assert api.open_sessions() == {}
        page.locator("#past td:last-child", has_text="–").wait_for(timeout=_LONGEST)
        assert "incomplete" in page.inner_text("#past")
        assert page.complaints == []
        _start_on_the_sandbox_instead(url, api, tmp_path / "runs")


def _start_on_the_sandbox_instead(url: str, api: SandboxProcess, runs: Path) -> None:
    """Of a Locust that was started with --host, and as another API; no request reaches the host."""
    offered = requests.get(f"{url}/sessions/api/form", timeout=BOUND_SECONDS).json()
    assert offered["host"] == api.url
    form = {
        "user_count": 2,
        "spawn_rate": 2,
        "host": "",
        "sandbox": "true",
        "scenario": "none",
        "user_classes": "Quiet",
        "api": "liveavatar",
    }
    assert requests.post(f"{url}/swarm", data=form, timeout=_LONGEST_SECONDS).json()["success"]
    _until(lambda: (_state(url)["frame"] or {}).get("held") == 2)
    assert _state(url)["host"] != api.url
    assert read_manifest(runs / _state(url)["run"]).description.name == "liveavatar"
    assert api.open_sessions() == {}


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """`streamsoak run` without a scenario, in which nobody has started a run, below a path."""
    with _locust(tmp_path_factory.mktemp("served"), base="/load", start=_start_without_scenario) as (url, _):
        yield url


def test_hostile_strings_stay_text(page: Any, served: str) -> None:
    """An API's id, a finding that quotes it, a run's name, a stage's: shown, not run."""
    leak = {"session": 1, "profile": HOSTILE, "way": "crash", "id": HOSTILE, "due": 20.0}
    line = {"profile": HOSTILE, "active": 1, "quiet": 0, "closing": 0, "leaked": 0, "hits": 0}
    found = {"name": HOSTILE, "severity": "high", "owner": "api", "confidence": 1, "said": HOSTILE, "advice": HOSTILE}
    past = _past(run=HOSTILE, scenario=HOSTILE, sentence=HOSTILE, plan=True, open=2)
    moment, gate = {"kind": "gate", "t": 1.0, "said": HOSTILE}, _gate(gate=HOSTILE, shown=HOSTILE)
    frame = _told(due=[leak], leaks=1, profiles=[line], stage=HOSTILE, warnings=[HOSTILE])
    frame |= {"moments": [moment], "gates": [gate], "refused": HOSTILE}
    _serve(page, served, events=frame, history=_EMPTY, findings=[found], runs=[past])
    page.goto(f"{served}/sessions/")
    page.locator("#findings li").wait_for(timeout=_LONGEST)
    page.locator("#past tbody tr").wait_for(timeout=_LONGEST)
    places = (
        "#leak-table",
        "#profile-table",
        "#findings",
        "#past",
        "#warnings",
        "#about",
        "#moments",
        "#gates",
        "#refused",
    )
    for place in places:
        assert HOSTILE in page.inner_text(place), place
    assert "owned" not in page.title()
    assert page.locator("img").count() == 0
    assert page.complaints == []


def test_a_generator_that_cannot_keep_up_is_a_warning_in_plain_words(page: Any, served: str) -> None:
    """On top of the page, and read out."""
    warning = "The load generator stalled for 3.0 s (tolerance 1 s). The verdict will be inconclusive."
    _serve(page, served, events=_told(warnings=[warning], delay=3.0), history=_EMPTY, findings=[], runs=[])
    page.goto(f"{served}/sessions/")
    page.get_by_role("alert").filter(has_text=warning).wait_for(timeout=_LONGEST)


def test_a_window_can_be_chosen_and_the_browser_does_not_grow(page: Any, served: str) -> None:
    """Half a day of thinned history: the whole of it, its last minute, and a stretch dragged over."""
    points = [second * 18.0 for second in range(2400)]
    columns = {"t": points, "active": [3] * len(points), "hits": [0] * len(points)}
    _serve(page, served, events=_told(t=points[-1]), history={"run": "a-run", "columns": columns}, findings=[], runs=[])
    page.goto(f"{served}/sessions/")
    axis = "document.querySelector('#chart-hits svg').textContent"
    _await(page, f"{axis}.includes('11:5')")
    page.select_option("#window", "0")
    _await(page, f"{axis}.includes('4:00:00')")
    page.locator("#chart-hits svg").scroll_into_view_if_needed()
    box = page.locator("#chart-hits svg").bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 80)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] / 2 + 60, box["y"] + 80, steps=4)
    page.mouse.up()
    page.locator("#chosen").wait_for(timeout=_LONGEST)
    assert "4:00:00" not in page.locator("#chart-sessions svg").text_content()
    assert page.complaints == []


def test_the_page_before_any_run(page: Any, served: str) -> None:
    """It says so, leads to the form, and axe finds nothing serious."""
    page.goto(f"{served}/sessions/")
    page.get_by_text("No run yet").wait_for(timeout=_LONGEST)
    _await(page, "document.getElementById('state').textContent === 'ready'")
    assert page.inner_text("#again").lower() == "start a run"
    assert _serious(page) == {}
    page.click("#no-run a")
    page.get_by_text("Start demo on the sandbox").wait_for(timeout=_LONGEST)
    assert page.complaints == []


def test_the_state_in_one_line(page: Any, served: str) -> None:
    """Full since when, who holds the slots, the refusals, the next slot back, what is overdue; and the gates so far."""
    due = [
        {"session": each, "profile": "leaky", "way": "crash", "id": "x", "due": t} for each, t in ((1, 4.0), (2, 23.0))
    ]
    told = _told(leaked=2, leaks=2, quiet=1, active=2, held=5, hits=27, due=due, full_since=2.0, margin_worst=-1.5)
    _serve(page, served, events=told | {"gates": [_gate()]}, history=_EMPTY, findings=[], runs=[])
    page.goto(f"{served}/sessions/")
    _await(page, "document.getElementById('now').textContent.includes('FULL')")
    line = r"5/5 FULL for \d+ s: leaked 2, quiet 1, active 2\. 27 refused\. 1 overdue, the first for 0:\d\d\."
    assert re.fullmatch(line + r" Next slot back in 0:1\d\.", page.inner_text("#now"))
    assert page.title() == "5/5 FULL · users · streamsoak"
    assert page.locator("#now .overdue").count() == 1
    assert "overdue for 0:" in page.inner_text("#leak-table .overdue")
    assert (page.inner_text("#margin"), page.inner_text("#margin-worst")) == ("–", "-1.5 s")
    assert "fails so far concurrency_hits.count == 0: 27 (as of 0:09)" in page.inner_text("#gates")
    for width in (390, 1440):
        page.set_viewport_size({"width": width, "height": 900})
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert _serious(page) == {}
    assert page.complaints == []


def test_each_number_is_the_one_of_the_json(page: Any, served: str) -> None:
    """Of the state and of a finished run: each figure has one value, written alike in all places."""
    line = {"profile": "quiet", "active": 3001, "quiet": 5, "closing": 7, "leaked": 1011, "opened": 9091, "hits": 1234}
    holders = {key: line[key] for key in ("active", "quiet", "closing", "leaked")}
    totals = {"held": 4024, "others": 2, "listed": 4026, "opened": 9091, "hits": 1234, "leaks": 1011, "processes": 3}
    now = {"late": 0.017, "margin": 4.2, "delay": 0.023, "t": 8.0}
    worst = {"late_worst": 0.31, "margin_worst": -1.5, "delay_worst": 0.047}
    due = [{"session": 77, "profile": "quiet", "way": "crash", "id": "x", "due": 39.0}]
    frame = _told(**holders, **totals, **now, **worst, profiles=[line], due=due) | {"limit": 5000}
    history = {"run": "a-run", "columns": {key: [value] for key, value in (holders | totals | now).items()}}
    _serve(page, served, events=frame, history=history, findings=[], runs=[])
    page.goto(f"{served}/sessions/")
    _await(page, "document.getElementById('hits').textContent === '1,234'")
    figures = {
        "held": "4,024 / 5,000",
        "listed": "4,026 (2 not ours)",
        "hits": "1,234",
        "leaks": "1,011",
        "margin": "4.2 s",
        "margin-worst": "-1.5 s",
        "late": "17 ms",
        "late-worst": "310 ms",
        "delay": "23 ms",
        "delay-worst": "47 ms",
        "processes": "3",
        "time": "0:08",
    }
    assert {name: page.inner_text(f"#{name}") for name in figures} == figures
    assert page.inner_text("#now").startswith(
        "4,026/5,000: leaked 1,011, others 2, quiet 5, closing 7, active 3,001. 1,234 refused. Next leak due in 0:3"
    )
    assert page.title().startswith("4,026/5,000 · ")
    row = page.locator("#profile-table tbody td").all_inner_texts()
    assert row == ["quiet", "3,001", "5", "7", "1,011", "9,091", "1,234"]
    readout = page.inner_text("#readout")
    for told in (
        "0:08",
        "active 3,001",
        "leaked 1,011",
        "listed 4,026",
        "ledger 4,024",
        "keep-alives late 17 ms",
        "margin 4.2 s",
    ):
        assert told in readout
    assert page.inner_text("#leaks-title") == "Next reaps: 1 of 1,011 leaks"

    past = _past(duration=7325.0)
    outcome = {
        "past": past,
        "limit": 5000,
        "sessions": 9091,
        "peak": 4321,
        "leaked": 1011,
        "hits": 1234,
        "gates": [],
        "findings": [],
    }
    page.unroute_all()
    _serve(page, served, events=frame | {"state": "ended"}, history=history, findings=[], runs=[past])
    page.route(re.compile("/api/outcome"), partial(_fulfil, "outcome", json.dumps(outcome)))
    page.reload()
    totals = "2 h 2 min · 9,091 sessions opened · peak 4,321, limit 5,000 · 1,234 refused for the limit · 1,011 leaked"
    page.locator("#outcome").get_by_text(totals, exact=True).wait_for(timeout=_LONGEST)
    assert page.inner_text("#hits") == "1,234"
    assert page.locator("#past td.length").inner_text() == "2 h 2 min"
    assert page.complaints == []


_HAS_EDGE = """
(() => {
  const place = document.querySelector(".scroll:has(#profile-table)");
  return place.scrollWidth > place.clientWidth + 2 && place.classList.contains("more");
})()
"""


def test_the_link_charts_and_runs_can_be_taken_along(page: Any, served: str) -> None:
    """The URL has the part of the run that was chosen, charts are saved, and the heads of the runs sort."""
    points = [float(second) for second in range(120)]
    columns = {"t": points, "active": [3] * 120, "leaked": [2] * 120, "hits": list(range(120))}
    runs = [
        _past(run=name, started=at, duration=length)
        for name, at, length in (("b", 5, 9.0), ("c", 3, 700.0), ("a", 1, 60.0))
    ]
    _serve(page, served, events=_told(t=119.0), history={"run": "a-run", "columns": columns}, findings=[], runs=runs)
    page.goto(f"{served}/sessions/#run=a-run&from=20&to=40")
    page.get_by_text("0:20 to 0:40 selected").wait_for(timeout=_LONGEST)
    assert "1:00" not in page.locator("#chart-hits svg").text_content()
    saved = {}
    for kind in ("PNG", "CSV"):
        with page.expect_download() as download:
            page.click(f"#chart-sessions .saves button:text-is('{kind}')")
        saved[download.value.suggested_filename] = Path(download.value.path()).read_bytes()
    assert saved["chart-sessions.png"].startswith(b"\x89PNG")
    assert len(saved["chart-sessions.png"]) > 5000
    lines = saved["chart-sessions.csv"].decode().splitlines()
    assert lines[0] == "t,active,quiet,closing,leaked,others,hitRate"
    assert lines[1].split(",")[:2] == ["19", "3"]
    page.select_option("#window", "900")
    assert page.url.endswith("#window=900")
    order = "#past td.run span"
    for head, expected in (("length", "cab"), ("length", "bac"), ("run", "abc")):
        page.get_by_role("button", name=head, exact=True).click()
        assert "".join(text.strip()[0] for text in page.locator(order).all_inner_texts()) == expected
    assert page.locator("#past th:has-text('run')").get_attribute("aria-sort") == "ascending"
    page.set_viewport_size({"width": 390, "height": 844})
    _await(page, _HAS_EDGE)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert _serious(page) == {}
    assert page.complaints == []


def test_two_runs_of_the_list_are_compared(page: Any, served: str) -> None:
    """The older is the base; what the command says about other conditions can be overridden."""
    runs = [
        _past(run="b", started=5, simulated=True),
        _past(run="a", started=1, duration=None, report=True),
        _past(run="c", report=False),
    ]
    said = "b: ran under other conditions than a (seed 1 and 2); use --force to compare anyway\n"
    _serve(page, served, events=_told(), history=_EMPTY, findings=[], runs=runs)
    asked: list[str] = []

    def compare(route: Any) -> None:
        asked.append(route.request.post_data)
        forced = "force=true" in route.request.post_data
        answer = {"code": 0, "said": "No regression.\nPage: x\n"} if forced else {"code": 64, "said": said}
        _fulfil("compare", json.dumps(answer), route)

    page.route(f"{served}/sessions/api/compare", compare)
    page.goto(f"{served}/sessions/")
    for run in ("b", "a"):
        page.get_by_label(f"compare {run}", exact=True).check()
    assert page.locator("#past input").count() == 2
    assert re.findall("simulated|live", page.inner_text("#past")) == ["simulated", "live", "live"]
    page.get_by_role("button", name="Compare two runs").click()
    page.get_by_role("button", name="Compare anyway").click()
    link = page.get_by_role("link", name="Open comparison")
    link.wait_for(timeout=_LONGEST)
    assert link.get_attribute("href") == "./runs/b/compare.html"
    assert asked == ["base=a&run=b&force=false", "base=a&run=b&force=true"]
    assert "No regression." in page.inner_text("#compared")


def test_the_start_page_before_any_run(page: Any, served: str) -> None:
    """Scenarios with their forecasts, by a pointer, at any width, light and dark; Locust's own page is one click away."""
    page.goto(served)
    page.locator(".card svg").first.wait_for(timeout=_LONGEST)
    demo = page.locator(".card").first.inner_text()
    assert all(said in demo for said in ("demo", "1 min 35 s", "limit 20", "interactive 36/min", "sessions wanted at"))
    assert page.locator(".card").count() >= 6
    page.get_by_label("API", exact=True).select_option("liveavatar")
    page.get_by_text("API liveavatar").first.wait_for(timeout=_LONGEST)
    assert page.locator(".card:has(:checked) .name").inner_text() == "demo"
    for width in (390, 1440):
        page.set_viewport_size({"width": width, "height": 900})
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        box = page.locator("#start").bounding_box()
        assert box["y"] + box["height"] <= 900, "the button is below the first screen"
        assert _serious(page) == {}
    page.get_by_role("link", name="Locust").click()
    page.get_by_text("Start new load test").wait_for(timeout=_LONGEST)
    page.click("#streamsoak-start")
    page.get_by_text("Start demo on the sandbox").wait_for(timeout=_LONGEST)
    assert page.complaints == []


def test_a_locustfiles_own_classes_are_offered_first(tmp_path: Path) -> None:
    """Instead of a scenario; classes made from profiles are there, but not chosen."""
    (tmp_path / "own.py").write_text(
        "from loadtests.users import StreamingUser, install\n\nglobals().update(install())\n\n\n"
        'class Mine(StreamingUser):\n    """Talks.\n\n    More.\n    """\n'
    )
    with _locust(tmp_path, start=partial(start_locust, locustfile=tmp_path / "own.py")) as (url, _):
        offered = requests.get(f"{url}/sessions/api/form", timeout=BOUND_SECONDS).json()
    assert offered["kind"] == "users"
    own = {found["name"]: found for found in offered["classes"]}
    assert [name for name, found in own.items() if found["own"]] == ["Mine"] and "Leaky" in own
    assert own["Mine"]["about"] == "Talks."
    assert {"", "konpro", "liveavatar"} <= offered["apis"].keys()


def test_mistakes_stand_beside_their_fields_and_nothing_is_lost(page: Any, served: str) -> None:
    """In the words of the form, with the focus on the first; limits for real accounts show where they apply."""
    page.goto(served)
    page.get_by_text("Start demo on the sandbox").wait_for(timeout=_LONGEST)
    assert not page.is_visible("#guards")
    page.get_by_label("Another host").check()
    page.get_by_label("Host", exact=True).fill("https://api.example")
    assert page.is_visible("#guards")
    said = "The API is konpro. Its key is taken from STREAMSOAK_API_KEY or KONPRO_API_KEY."
    assert page.inner_text("#key-hint") == said
    page.get_by_label("Limit of concurrent sessions").fill("7")
    page.click("#start")
    page.get_by_text("is required on a real account").wait_for(timeout=_LONGEST)
    assert "the largest number of sessions open at once" in page.inner_text("[data-field=max_open] .error")
    assert (
        page.inner_text("[data-field=allow_leaks] .error")
        == "is required: leaky leaves sessions open on a real account"
    )
    assert page.evaluate("document.activeElement.id") == "max_open"
    page.get_by_label("Most sessions open at once").fill("many")
    page.click("#start")
    page.get_by_text("must be a whole number (is 'many')").wait_for(timeout=_LONGEST)
    assert page.locator("#form .error:visible").count() == 1
    assert (page.input_value("#limit"), page.input_value("#host")) == ("7", "https://api.example")
    assert _serious(page) == {}
    assert _state(served)["state"] == "none"
    assert page.complaints == []


def test_users_instead_of_a_scenario(page: Any, served: str) -> None:
    """The form says what one user is, and has enough of them that a session comes within ten seconds."""
    page.goto(served)
    page.get_by_text("Start demo on the sandbox").wait_for(timeout=_LONGEST)
    page.get_by_label("Users instead of a scenario").check()
    note = page.locator("#users-note")
    profiles = load_profiles(profile_files())
    rates = {name: p.arrivals.rate * 60 for name, p in profiles.items() if p.arrivals.model == "open"}
    each = 10 / len(profiles)
    people, streams = round(each * (len(profiles) - len(rates))), _rounded(each * sum(rates.values()))
    assert page.locator("#classes label").count() == len(profiles)
    assert "one user is a stream of 1 arrival a minute (open model)" in page.inner_text("#classes")
    said = f"about {people} people at once, who open sessions immediately, and about {streams} arrivals a minute"
    assert said in note.inner_text()
    page.get_by_role("checkbox", name=re.compile("^quiet")).uncheck()
    page.get_by_role("checkbox", name=re.compile("^leaky")).uncheck()
    assert rates.pop("leaky") == 1
    assert set(rates.values()) == {1}
    assert page.input_value("#user_count") == "18"
    assert "about 18 arrivals a minute, one every 3.3 s" in note.inner_text()
    for name in rates:
        page.get_by_role("checkbox", name=re.compile(f"^{name}")).uncheck()
    page.click("#start")
    page.get_by_text("Choose at least one.").wait_for(timeout=_LONGEST)
    page.get_by_role("checkbox", name=re.compile("^reading")).check()
    page.get_by_label("Users", exact=True).fill("0")
    page.click("#start")
    page.get_by_text("must be more than 0 (is '0')").wait_for(timeout=_LONGEST)
    assert _state(served)["state"] == "none"


def _rounded(value: float) -> str:
    return f"{round(value, 1):g}"


@pytest.mark.parametrize(
    "path",
    [
        *("/swarm", "/stop", "/stats/reset", "/user"),
        *("/sessions/api/sweep", "/sessions/api/analyse", "/sessions/api/compare", "/sessions/api/forecast"),
    ],
)
def test_another_sites_page_starts_and_stops_nothing(served: str, path: str) -> None:
    """Locust's own addresses as well as ours."""
    form = {"user_count": 1, "spawn_rate": 1, "host": ""}
    for headers in ({"Origin": "http://evil.example"}, {"Sec-Fetch-Site": "cross-site"}, {"Host": "evil.example"}):
        answer = requests.post(f"{served}{path}", data=form, headers=headers, timeout=BOUND_SECONDS)
        assert answer.status_code == 403, headers
    assert _state(served)["state"] == "none"
    assert requests.get(f"{served}/stats/requests", timeout=BOUND_SECONDS).json()["state"] == "ready"


def test_no_answer_holds_the_key(served: str) -> None:
    """Neither the pages nor what they fetch."""
    for path in (
        "/",
        "/?locust",
        "/sessions/",
        "/sessions/assets/sessions.js",
        "/sessions/api/form",
        "/sessions/api/scenarios",
        "/sessions/api/state",
        "/sessions/api/runs",
        "/logs",
    ):
        answer = requests.get(f"{served}{path}", timeout=BOUND_SECONDS)
        assert answer.ok, path
        assert KEY not in answer.text


@pytest.mark.parametrize(
    "path", ["../../etc/passwd", "..%2F..%2Fetc/passwd", "%2e%2e/report.html", "x/manifest.json", "x/report.html"]
)
def test_nothing_outside_of_the_runs_is_handed_out(served: str, path: str) -> None:
    """Nor anything of a run but its report and what belongs to it."""
    prepared = requests.Request("GET", served).prepare()
    prepared.url = f"{served}/sessions/runs/{path}"
    with requests.Session() as session:
        assert session.send(prepared, timeout=BOUND_SECONDS).status_code == 404


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("limit", "many", "--limit: must be a whole number (is 'many')"),
        ("limit", "0", "--limit: must be 1 or more (is 0)"),
        ("observe", "-1", "--observe: must be 0 seconds or more (is -1)"),
        ("scenario", "nowhere", "--scenario: no scenario 'nowhere'"),
        ("load", "both", "--load: must be stages or users (is 'both')"),
        ("host", "https://api.example", "--max-open: is required"),
        ("spawn_rate", "inf", "--spawn-rate: must be more than 0 (is 'inf')"),
        ("user_count", "some", "--user-count: must be a whole number of users (is 'some')"),
    ],
)
def test_a_mistake_in_the_form_is_told_in_the_form(served: str, field: str, value: str, said: str) -> None:
    """And no run begins."""
    form = {"user_count": 1, "spawn_rate": 1, "host": "", "scenario": "smoke", field: value}
    answer = requests.post(f"{served}/swarm", data=form, timeout=BOUND_SECONDS).json()
    assert not answer["success"]
    assert said in answer["message"]
    assert _state(served)["state"] == "none"


def test_with_web_login_nothing_of_ours_is_open(tmp_path: Path) -> None:
    """Each address leads to the login, and a form that is posted without one starts nothing."""
    with _locust(tmp_path, "--web-login", start=partial(start_locust, locustfile=LOGIN)) as (url, _):
        for path in (
            "",
            "/",
            "/api/state",
            "/api/history",
            "/api/events",
            "/api/runs",
            "/api/findings",
            "/api/form",
            "/api/scenarios",
            "/api/outcome",
            "/runs/x/report.html",
            "/../",
        ):
            answer = requests.get(f"{url}/sessions{path}", timeout=BOUND_SECONDS, allow_redirects=False)
            assert (answer.status_code, "/login" in answer.headers["Location"]) == (302, True), path
        form = {"user_count": 1, "spawn_rate": 1, "host": "", "scenario": "smoke"}
        for path in (
            "/swarm",
            "/sessions/api/sweep",
            "/sessions/api/analyse",
            "/sessions/api/compare",
            "/sessions/api/forecast",
        ):
            answer = requests.post(f"{url}{path}", data=form, timeout=BOUND_SECONDS, allow_redirects=False)
            assert (answer.status_code, "/login" in answer.headers["Location"]) == (302, True), path
        with requests.Session() as session:
            session.get(f"{url}/let-me-in", timeout=BOUND_SECONDS)
            assert session.get(f"{url}/sessions/api/state", timeout=BOUND_SECONDS).json()["state"] == "none"


def _see_a_refused_start(cwd: Path, url: str, form: dict[str, Any]) -> None:
    """What shows only when the run begins is told too, until a run begins: here, a file has the name of the runs' directory."""
    (cwd / "runs").touch()
    assert requests.post(f"{url}/swarm", data=form, timeout=BOUND_SECONDS).json()["success"]
    _until(lambda: "cannot be created" in _state(url)["refused"])
    (cwd / "runs").unlink()
    _until(lambda: requests.get(f"{url}/stats/requests", timeout=BOUND_SECONDS).json()["state"] == "stopped")


def test_users_rate_and_time_can_take_the_place_of_a_scenarios_stages(tmp_path: Path) -> None:
    """The picked classes come, as the scenario has them; its limit and gates hold; the events reach whoever listens."""
    with _locust(tmp_path, "--observe", "0") as (url, _):
        form = {
            "user_count": 6,
            "spawn_rate": 6,
            "host": "",
            "scenario": "smoke",
            "load": "users",
            "user_classes": "Quiet",
        }
        _see_a_refused_start(tmp_path, url, form)
        with requests.get(f"{url}/sessions/api/events", stream=True, timeout=BOUND_SECONDS) as events:
            assert requests.post(f"{url}/swarm", data=form, timeout=BOUND_SECONDS).json()["success"]
            frames = (json.loads(line[6:]) for line in events.iter_lines() if line.startswith(b"data: "))
            full = next(told for told in frames if told["frame"] and told["frame"]["held"] == 6)
        assert [line["profile"] for line in full["frame"]["profiles"]] == ["quiet"]
        assert full["refused"] == ""
        assert requests.post(f"{url}/stop", timeout=_LONGEST_SECONDS).ok
        _until(lambda: _state(url)["state"] == "ended")
        (past,) = requests.get(f"{url}/sessions/api/runs", timeout=BOUND_SECONDS).json()
        assert (past["scenario"], past["report"], past["ended"]) == ("smoke", True, True)
    manifest = json.loads(next(tmp_path.glob("runs/*/manifest.json")).read_text(encoding="utf-8"))
    assert (manifest["stages_replaced"], list(manifest["people"]), manifest["limit"]) == (True, ["quiet"], 25)
