"""What a pipeline reads of a run: exit code, junit.xml and summary.json say the same however it ends; nothing is left open."""

from __future__ import annotations

import re
import signal
from pathlib import Path

import pytest

from .crew import manifest, processes, wait_for
from .locust_run import SCENARIOS, Finished, finish, run_locust, start_locust, truth
from .verdict import HEADINGS, verdict_of

JUDGED = (SCENARIOS / "judged.toml").read_text(encoding="utf-8")
HOLDS = "sessions.opened > 0"


def scenario(folder: Path, *gates: str, **changes: str) -> Path:
    """A scenario with these gates, in which `changes` (key → TOML) are made."""
    text = JUDGED
    for key, value in changes.items():
        text = re.sub(rf"(?m)^{key} = .*$", f"{key} = {value}", text)
    file = folder / "judged.toml"
    file.write_text(f"gates = {list(gates)!r}\n{text}", encoding="utf-8")
    return file


def judged(run: Finished) -> str:
    """The same of a run with a sandbox of its own, which holds no session any more."""
    assert "Traceback" not in run.output
    assert [one for one, facts in truth(run.truth).items() if "cause" not in facts] == []
    return verdict_of(run.folder, run.code)


@pytest.fixture(scope="module")
def passed(tmp_path_factory: pytest.TempPathFactory) -> Finished:
    """A run with gates that hold, windows among them, by two worker processes."""
    folder = tmp_path_factory.mktemp("passed")
    gates = (HOLDS, "concurrency_hits.count == 0 after 1s abort", "keep_alive.failed == 0", "leaked.lingering == 0")
    windows = ("latency.keep_alive.p50 < 5s any 3s window", "keep_alive.margin.min > 2s last 2s")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GITHUB_ACTIONS", "true")
        patch.setenv("GITHUB_STEP_SUMMARY", str(folder / "page.md"))
        return run_locust(folder, str(scenario(folder, *gates, *windows)), *processes(2))


def test_a_run_whose_gates_hold_passes(passed: Finished) -> None:
    """Unless the machine was too busy for the generator: then it cannot be told, and never fails."""
    assert judged(passed) in ("pass", "unknown"), passed.output
    assert passed.summary["end_reason"] == "its time was over"
    spans = {gate["gate"]: gate["span"] for gate in passed.summary["gates"]}
    assert spans["keep_alive.failed == 0"] is None
    assert spans["keep_alive.margin.min > 2s last 2s"][0] == pytest.approx(manifest(passed.folder)["load_ended"] - 2)


def test_the_job_page_is_written_once(passed: Finished) -> None:
    """By the end of the run, whichever of its processes are asked; it shows a chart, and what did not pass is annotated."""
    page = (passed.folder.parents[1] / "page.md").read_text(encoding="utf-8")
    verdict = passed.summary["verdict"]
    assert page.startswith(f"### streamsoak: {HEADINGS[verdict]}\n")
    assert page.count("### streamsoak") == page.count("```mermaid") == 1
    assert ("::warning title=" in passed.output) == (verdict == "unknown")


def test_a_gate_aborts_the_run(tmp_path: Path) -> None:
    """Of an hour it sees seconds: the ordinary drain, and the manifest names the gate.

    Who falls silent for five seconds is reaped after two: the judge of the going run and the report mean the same sessions.
    """
    gate = "sessions_lost_to_idle == 0 abort after 2s"
    file = scenario(tmp_path, HOLDS, gate, duration='"1h"', keep_alive='{ when = "never" }', idle_timeout="2")
    silent = '[profiles.stayer]\nquiet = { chance = 1, length = "5s" }'
    file.write_text(file.read_text().replace("[profiles.stayer]", silent))
    run = run_locust(tmp_path, str(file))
    assert judged(run) == "fail", run.output
    assert f"The run ends early: a gate failed: {gate}" in run.output
    told = manifest(run.folder)
    assert (told["end_reason"], told["left_open"]) == (f"a gate failed: {gate}", 0)
    assert 2 <= told["load_ended"] < 60
    assert {found["gate"]: found["result"] for found in run.summary["gates"]}[gate] == "fail"


def test_a_gate_aborts_a_run_of_workers(tmp_path: Path) -> None:
    """Counted by the workers, judged by the master: the same end, the same code."""
    gate = "concurrency_hits.count < 2 abort"
    run = run_locust(tmp_path, str(scenario(tmp_path, gate, limit="3", duration='"1h"')), *processes(2))
    assert judged(run) == "fail", run.output
    told = manifest(run.folder)
    assert (told["end_reason"], told["workers"]) == (f"a gate failed: {gate}", 2)
    assert told["load_ended"] < 60


def test_a_run_that_is_told_to_end_does_not_pass(tmp_path: Path) -> None:
    """SIGTERM: of what held nobody knows how it would have gone on."""
    process = start_locust(
        tmp_path,
        *("--headless", "--sandbox", "--sandbox-log", "truth.jsonl", "--only-summary"),
        *("--scenario", str(scenario(tmp_path, HOLDS, duration='"1h"'))),
    )
    log = tmp_path / "truth.jsonl"
    wait_for(lambda: log.exists() and len(truth(log)) >= 4, "sessions are open")
    process.send_signal(signal.SIGTERM)
    run = finish(process, tmp_path)
    assert judged(run) == "unknown", run.output
    assert run.summary["end_reason"] == "stopped"


def test_a_run_that_was_stopped_for_a_while_cannot_be_told(tmp_path: Path) -> None:
    """SIGSTOP for longer than the tolerance: people were late by the generator's own doing."""
    process = start_locust(
        tmp_path,
        *("--headless", "--sandbox", "--sandbox-log", "truth.jsonl", "--only-summary"),
        *("--scenario", str(scenario(tmp_path, HOLDS))),
    )
    log = tmp_path / "truth.jsonl"
    wait_for(lambda: log.exists() and len(truth(log)) >= 4, "sessions are open")
    process.send_signal(signal.SIGSTOP)
    # Whoever is stopped sends nothing: that the sandbox heard nothing new for two seconds is what is waited for.
    stopped_at = log.stat().st_mtime
    wait_for(lambda: log.touch() or log.stat().st_mtime >= stopped_at + 2, "two seconds have passed")
    process.send_signal(signal.SIGCONT)
    run = finish(process, tmp_path)
    assert judged(run) == "unknown", run.output
    assert "stalled" in run.summary["sentence"]


def test_a_run_in_which_nobody_came_cannot_be_told(tmp_path: Path) -> None:
    """No samples: counts of nothing are no pass."""
    file = scenario(tmp_path, "concurrency_hits.count == 0", "keep_alive.margin.p1 > 1s")
    file.write_text(file.read_text().replace('{ stayer = 4, passer = "120/min" }', '{ passer = "0.001/min" }'))
    file.write_text(re.sub(r"(?s)\[profiles.stayer\].*?(?=\[profiles.passer\])", "", file.read_text()))
    run = run_locust(tmp_path, str(file), "-t", "1s")
    assert judged(run) == "unknown", run.output
    assert "nothing was measured" in run.summary["sentence"]
