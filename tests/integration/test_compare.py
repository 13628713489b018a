"""`streamsoak compare`: runs of virtual time, real directories, the real command, the page in a browser."""

from __future__ import annotations

import io
import json
import shutil
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest

from loadtests.cli.__main__ import main
from tests.unit.test_cli import assert_mistake

from .accessibility import serious

_SCENARIO = """
limit = 12
gates = ["sessions.fates.lingering == 0"]

[[stages]]
name = "even"
duration = "2m"
load = { interactive = "60/min" }

[[stages]]
name = "busy"
duration = "3m"
load = { interactive = "100/min" }

[compare]
worse = "15%"

[profiles.interactive]
idle_timeout = "30s"
session_length = { kind = "exponential", mean = "6s", at_most = "20s" }
turns = { thinking = { kind = "exponential", mean = "2s" } }
"""


def streamsoak(*arguments: str) -> CompletedProcess[str]:
    """The command, in this process: starting one takes longer than comparing."""
    out, errors = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(errors):
        code = main(arguments)
    return CompletedProcess(arguments, code, out.getvalue(), errors.getvalue())


def _simulated(folder: Path, name: str, *options: str) -> Path:
    """A run of the scenario, in `folder` under `name`."""
    folder.mkdir(parents=True, exist_ok=True)
    scenario = folder / "mine.toml"
    scenario.write_text(_SCENARIO, encoding="utf-8")
    done = streamsoak("simulate", str(scenario), "--run-dir", str(folder / f"{name}.d"), *options)
    assert done.returncode in (0, 1, 2), done.stderr
    (made,) = (folder / f"{name}.d").iterdir()
    return made.rename(folder / name)


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A base; the same API again; one that is slower to open a session; one whose run lost events."""
    folder = tmp_path_factory.mktemp("compare")
    found = {
        "base": _simulated(folder, "base", "--seed", "1"),
        "again": _simulated(folder, "again", "--seed", "2"),
        "slow": _simulated(folder, "slow", "--seed", "3", "--defect", "slow-new=0.3"),
        "short": _simulated(folder, "short", "--seed", "4", "--duration", "20s"),
    }
    found["torn"] = folder / "torn"
    shutil.copytree(found["again"], found["torn"])
    manifest = json.loads((found["torn"] / "manifest.json").read_text(encoding="utf-8"))
    (found["torn"] / "manifest.json").write_text(json.dumps({**manifest, "lost_events": 7}), encoding="utf-8")
    return found


@pytest.fixture(scope="module")
def slower(runs: dict[str, Path]) -> CompletedProcess[str]:
    """The slower run compared with the base."""
    return streamsoak("compare", str(runs["base"]), str(runs["slow"]))


def test_the_same_api_again_is_no_regression(runs: dict[str, Path]) -> None:
    """Exit code 0; the page and the Markdown lie in RUN's directory, and none in BASE's."""
    done = streamsoak("compare", str(runs["base"]), str(runs["again"]))
    assert done.returncode == 0, done.stderr
    assert "no regression" in done.stdout
    assert {path.name for path in runs["again"].glob("compare.*")} == {"compare.html", "compare.md"}
    assert not list(runs["base"].glob("compare.*"))


def test_a_slower_api_is_a_regression_of_what_is_slower(runs: dict[str, Path], slower: CompletedProcess[str]) -> None:
    """Exit code 1, by name, first, in the Markdown too; what is not slower is no regression."""
    done = slower
    assert done.returncode == 1
    assert done.stdout.splitlines()[1].split()[0].startswith("latency.new.")
    told = (runs["slow"] / "compare.md").read_text(encoding="utf-8")
    regressions = [line.split("`")[1] for line in told.splitlines() if "**regression**" in line]
    assert {"latency.new.p50", "latency.new.p95"} <= set(regressions)
    assert all(figure.startswith("latency.new.") for figure in regressions)
    assert "better" in streamsoak("compare", str(runs["slow"]), str(runs["base"])).stdout


def test_what_cannot_be_told_is_unknown(runs: dict[str, Path]) -> None:
    """A run that lost events. Exit code 2, quietly; and the page says why."""
    done = streamsoak("compare", str(runs["base"]), str(runs["torn"]), "--quiet")
    assert (done.returncode, done.stdout) == (2, ""), done.stderr
    assert "the verdict of RUN is inconclusive" in (runs["torn"] / "compare.html").read_text(encoding="utf-8")


def test_a_short_run_is_told_before_anything_is_computed(runs: dict[str, Path]) -> None:
    """Twenty seconds; inconclusive all the same."""
    done = streamsoak("compare", str(runs["base"]), str(runs["short"]))
    assert (done.returncode, done.stdout) == (2, "")
    assert "20 s of load in common, and 30 s are needed" in done.stderr


def test_the_result_as_json(runs: dict[str, Path], slower: CompletedProcess[str]) -> None:
    """For programs; and the same seed says the same."""
    before = (runs["slow"] / "compare.md").read_bytes()
    done = streamsoak("compare", str(runs["base"]), str(runs["slow"]), "--json")
    found = json.loads(done.stdout)
    assert (done.returncode, found["result"], found["sentence"]) == (1, "fail", slower.stdout.splitlines()[-2])
    assert "regression" in {change["result"] for change in found["changes"]}
    assert (runs["slow"] / "compare.md").read_bytes() == before


def test_other_conditions_are_refused_unless_forced(runs: dict[str, Path], tmp_path: Path) -> None:
    """The message names the key and both values; forced, the page says so. Gates and tolerances may differ."""
    other = _simulated(tmp_path, "other", "--set", "stages.0.load.interactive=90/min", "--set", "gates=[]")
    assert_mistake(
        streamsoak("compare", str(runs["base"]), str(other)), "stages.0.load.interactive.amount: 1.0 → 1.5", "--force"
    )
    done = streamsoak("compare", str(runs["base"]), str(other), "--force")
    assert done.returncode in (0, 1)
    assert "scenario.gates" not in done.stdout
    assert "stages.0.load.interactive.amount" in (other / "compare.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("place", [0, 1])
def test_what_is_no_run_is_told(runs: dict[str, Path], tmp_path: Path, place: int) -> None:
    """Whichever of the two it is."""
    arguments = [str(runs["base"]), str(runs["base"])]
    arguments[place] = str(tmp_path)
    assert_mistake(streamsoak("compare", *arguments), str(tmp_path), "is not a run's directory")
    assert_mistake(streamsoak("compare", str(runs["base"]), str(runs["again"]), "--seed", "-1"), "--seed", "0 or more")


def test_the_page_draws_offline_and_axe_finds_nothing_serious(
    page: Any, runs: dict[str, Path], slower: CompletedProcess[str]
) -> None:
    """Every chart has marks, the console is silent, no request leaves the page, nothing is wider than a phone. Regressions
    come first, in words; what is off the scale says so.
    """
    assert slower.returncode == 1
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.context.set_offline(True)
    page.goto((runs["slow"] / "compare.html").as_uri())
    page.wait_for_function("window.drawn.length > 1 && Promise.all(window.drawn).then(() => true)")
    for chart in ("changes", "course-0"):
        assert page.locator(f"#chart-{chart} svg path, #chart-{chart} svg line").count() > 5, chart
    assert page.locator("main h3").first.inner_text() == "Regressions"
    assert page.locator(".told li").first.inner_text().startswith("Latency of new from the send, p50: 30 ms → 331 ms")
    assert page.locator("#figures tbody td").first.inner_text() == "regression"
    assert page.locator("#chart-changes svg text:text-matches('^\\\\+[0-9,]+ % ▸$')").count() == 3
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        assert serious(page) == {}
    page.set_viewport_size({"width": 390, "height": 844})
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert page.complaints == []
    assert [url for url in asked if not url.startswith(("file:", "data:", "blob:"))] == []
