"""Gates on a part of the run, and on a drift: a log written by hand, where each window holds what it says."""

from __future__ import annotations

import math
import random
from pathlib import Path

import pytest

from loadtests.cli.__main__ import main
from loadtests.model.gates.figure import FIGURES, WHOLE
from loadtests.model.gates.gates import parse_gate
from reports.build import judge_run, plain
from reports.log.log import open_log
from reports.summary import analyse
from reports.verdict.measurement import lookup, read
from reports.verdict.verdict import GateResult

from .story import Story
from .test_junit import scenario

ENDED = 100.0


def refusals(*times: float, until: float = ENDED) -> Story:
    """Somebody is let in every ten seconds, and refused at `times`; 100 s of load, 20 s of drain."""
    story = Story()
    for number in range(1, 10):
        story.opens(number, 10.0 * number - 5).listed(number, 10.0 * number - 4).stops(number, 10.0 * number)
        story.vanishes(number, 10.0 * number - 0.5, 10.0 * number + 0.5)
    for number, t in enumerate(times):
        story.note(100 + number, "arrive", t, 5.0, "close").refused(100 + number, t)
    return story.looks(until + 20)


def judged(story: Story, folder: Path, *gates: str, load_ended: float = ENDED) -> list[GateResult]:
    """What became of the gates."""
    return story.analysed(folder, scenario=scenario(*gates), load_ended=load_ended, limit=20).verdict.gates


WHOLE_END = 119.51
REFUSED_ONCE = {
    gate: (result, value, span)
    for gate, result, value, span in [
        ("concurrency_hits.count == 1", "pass", 1, None),
        ("concurrency_hits.count == 0 after 50s", "pass", 0, (50, WHOLE_END)),
        ("concurrency_hits.count == 0 after 20s", "fail", 1, (20, WHOLE_END)),
        ("concurrency_hits.count == 0 last 60s", "pass", 0, (40, WHOLE_END)),
        ("concurrency_hits.count == 0 last 80s", "fail", 1, (20, WHOLE_END)),
        ("concurrency_hits.count == 0 any 20s window", "fail", 1, (12, 32)),
        ("concurrency_hits.count < 2 any 20s window", "pass", 1, (12, 32)),
        ("concurrency_hits.count == 0 after 100s", "unknown", None, None),
        ("concurrency_hits.count == 0 any 5m window", "unknown", None, None),
        ("concurrency_hits.count < 5 any 5s window", "unknown", None, (0, 5)),
        ("concurrency_hits.count == 0 any 5s window", "fail", 1, (25.5, 30.5)),
        ("concurrency_hits.first_attempts < 11% after 20s", "fail", 1 / 8, (20, WHOLE_END)),
        ("concurrency_hits.first_attempts < 13% after 20s", "pass", 1 / 8, (20, WHOLE_END)),
        ("sessions.opened == 4 after 50s", "pass", 4, (50, WHOLE_END)),
        ("sessions.fates.closed == 5 after 46s", "pass", 5, (46, WHOLE_END)),
        ("keep_alive.failed == 0", "unknown", None, None),
        ("keep_alive.failed == 0 after 2s", "unknown", None, (2, WHOLE_END)),
    ]
}


@pytest.fixture(scope="module")
def refused_once(tmp_path_factory: pytest.TempPathFactory) -> dict[str, GateResult]:
    """What became of each gate in the run of ten people, of whom one is refused, at 30 s."""
    found = judged(refusals(30.0), tmp_path_factory.mktemp("refused"), *REFUSED_ONCE)
    return {gate.gate: gate for gate in found}


@pytest.mark.parametrize("gate", REFUSED_ONCE)
def test_gates_of_windows(refused_once: dict[str, GateResult], gate: str) -> None:
    """A window in which nobody asked is unknown, never a pass."""
    found = refused_once[gate]
    result, value, span = REFUSED_ONCE[gate]
    assert (found.result, found.span) == (result, span if span is None else pytest.approx(span))
    assert found.value == (value if value is None else pytest.approx(value))


def test_an_end_that_may_lie_in_a_window_is_unknown(tmp_path: Path) -> None:
    """Reaped while the person was there, seen between 34 and 36 s: within `after 30s` for sure, of `after 35s` nobody knows."""
    story = Story().opens(1, 5.0).listed(1, 6.0).vanishes(1, 34.0, 36.0).opens(2, 40.0).stops(2, 50.0).looks(60)
    gates = [f"sessions_lost_to_idle == 0 after {at}s" for at in (30, 35, 37)]
    found = judged(story, tmp_path, *gates, load_ended=55.0)
    assert [gate.result for gate in found] == ["fail", "unknown", "pass"]
    assert "may have ended within it or outside of it" in found[1].shown


def test_a_stall_belongs_to_its_second(tmp_path: Path) -> None:
    """The loop stood still at 20 s: what comes after it does not know of it."""
    story = refusals(30.0).note(0, "loop", 10.0, 0.01).note(0, "loop", 20.0, 0.5).note(0, "loop", 60.0, 0.02)
    found = judged(story, tmp_path, *(f"generator.longest_stall < 100ms{window}" for window in ("", " after 30s")))
    assert [(gate.result, gate.value) for gate in found] == [("fail", 0.5), ("pass", 0.02)]


def test_an_end_that_nobody_observed_may_lie_in_any_window(tmp_path: Path) -> None:
    """Never listed, never stopped: that none was lost to idleness cannot be said of the run, nor of a part of it."""
    story = Story().opens(1, 5.0).opens(2, 40.0).stops(2, 50.0)
    gates = ("sessions.lost_to_idle == 0", "sessions.lost_to_idle == 0 after 30s")
    found = judged(story, tmp_path, *gates, load_ended=55.0)
    assert [(gate.result, gate.value, gate.interval) for gate in found] == [("unknown", 0, (0, 1))] * 2


def test_a_lost_answer_without_a_list_may_linger(tmp_path: Path) -> None:
    """Nobody could have seen what it opened: that nothing lingers cannot be said."""
    story = Story().opens(1, 1.0).stops(1, 5.0)
    story.call(2, "new", 2.0, outcome="unknown", status=0, value=30.0, reason="timeout")
    (unseen,) = judged(story, tmp_path / "a", "leaked.lingering == 0")
    assert (unseen.result, unseen.interval) == ("unknown", (0, 1))
    (seen,) = judged(story.looks(30).listed(1, 1.5).vanishes(1, 4.5, 5.5), tmp_path / "b", "leaked.lingering == 0")
    assert seen.result == "pass"


@pytest.mark.parametrize(
    ("gate", "least", "result", "shown"),
    [
        ("latency.new.p99 < 1s", None, "unknown", ", too few to pass (needs 100, or least_samples in the scenario)"),
        ("latency.new.p99 < 1s", 11, "unknown", ", too few to pass (needs 100, or least_samples in the scenario)"),
        ("latency.new.p99 < 1s", 10, "pass", ""),
        ("latency.new.p99 < 1ms", None, "fail", ""),
    ],
)
def test_a_percentile_of_few_values_does_not_pass(
    tmp_path: Path, gate: str, least: int | None, result: str, shown: str
) -> None:
    """A 99th percentile of ten calls is the worst of them: it proves a failure, and what is right if the scenario says so."""
    chosen = scenario(f"{gate} after 2s").model_copy(update={"least_samples": least})
    verdict = refusals(30.0).analysed(tmp_path, scenario=chosen, load_ended=ENDED, limit=20).verdict
    assert verdict.result == result
    assert verdict.gates[0].shown == f"10 ms from 00:02 to 01:59, of 10 values{shown}"


@pytest.fixture(scope="module")
def simulated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run with every kind of figure."""
    folder = tmp_path_factory.mktemp("simulated")
    main(["simulate", "smoke", "--limit", "8", "--run-dir", str(folder)])
    (run,) = folder.iterdir()
    return run


def test_a_window_of_the_whole_run_holds_the_whole_runs_figures(simulated: Path) -> None:
    """Two ways to the same figure: SQL on a window that is longer than the run, and the report's own."""
    summary = judge_run(simulated).summary
    log = open_log(simulated)
    try:
        analyse(log)
        # Virtual time has no loop that could stand still.
        for figure in FIGURES.keys() - WHOLE - {"generator.longest_stall"}:
            bound = {"count": "0", "share": "0%", "seconds": "0s"}[FIGURES[figure].value]
            (reading,) = read(log, summary["duration"], summary, parse_gate(f"{figure} >= {bound} last 1h"))
            whole = lookup(summary, figure)
            if FIGURES[figure].value == "count":
                assert (reading.value or 0) == whole, figure
            else:
                assert reading.value == (None if whole is None else pytest.approx(whole)), figure
    finally:
        log.close()
    assert summary["concurrency_hits"]["first_attempts"] > 0
    assert summary["sessions"]["fates"]["leaked-reaped"] > 0
    assert summary["keep_alive"]["count"] > 0


def drifting(rise: float, calls: int = 600) -> Story:
    """An hour of tasks whose latency is `rise` higher, as a share, at its end; with noise."""
    noise, story = random.Random(1), Story().opens(1, 1.0, 4000.0)
    for i in range(calls):
        story.call(1, "task", 2.0 + i * 3600 / calls, took=0.1 * (1 + rise * i / calls) * noise.uniform(0.9, 1.1))
    return story.stops(1, 3605.0)


@pytest.mark.parametrize(
    ("rise", "results"),
    [
        (
            0.5,
            {
                "latency.task.p50 drift < 10%/h": "fail",
                "latency.task.p95 drift < 1%/min": "pass",
                "latency.new.p50 drift < 10%/h": "unknown",
            },
        ),
        (
            0.0,
            {
                "latency.task.p50 drift < 10%/h": "pass",
                "latency.task.p50 drift < 1%/h": "unknown",
                "latency.task.p50 drift > -10%/h": "pass",
            },
        ),
    ],
)
def test_gates_of_a_drift(tmp_path: Path, rise: float, results: dict[str, str]) -> None:
    """Fails, or passes, where the whole interval does; unknown where the bound lies in it, or where there was one call only."""
    found = judged(drifting(rise), tmp_path, *results, load_ended=3603.0)
    assert {gate.gate: gate.result for gate in found} == results, found


def test_a_drift_is_told_with_its_interval(tmp_path: Path) -> None:
    """A rise by half in an hour is 40 % an hour of the usual latency, the middle one."""
    (found,) = judged(drifting(0.5), tmp_path, "latency.task.p50 drift < 10%/h", load_ended=3603.0)
    assert found.value == pytest.approx(0.4, abs=0.05)
    assert found.interval is not None
    low, high = found.interval
    assert low <= found.value <= high
    assert "95 %" in found.shown


def test_a_drift_that_the_load_explains_is_unknown(tmp_path: Path) -> None:
    """Twice as many calls at the end: it may be the load. That it is low enough can be said all the same."""
    story = drifting(0.5)
    for i in range(300):
        story.call(1, "task", 1805.0 + i * 6, took=0.1 * (1.25 + 0.25 * i / 300))
    failing, passing = judged(
        story,
        tmp_path,
        *("latency.task.p50 drift < 10%/h", "latency.task.p50 drift < 100%/h"),
        load_ended=3603.0,
    )
    assert (failing.result, passing.result) == ("unknown", "pass")
    assert "the load also rose" in failing.shown
    assert failing.interval is not None and failing.interval[0] == -math.inf
    assert plain(failing.interval)[0] is None


@pytest.mark.parametrize("reason", ["stopped", "a gate failed: concurrency_hits.count == 0 abort"])
def test_a_run_that_ended_before_its_time_does_not_pass(tmp_path: Path, reason: str) -> None:
    """What it did not see may have failed; what did fail has failed."""
    held = refusals(30.0).analysed(tmp_path / "a", scenario=scenario("sessions.opened > 0"), end_reason=reason)
    assert held.verdict.result == "unknown"
    assert reason in held.verdict.sentence
    failed = refusals(30.0).analysed(
        tmp_path / "b", scenario=scenario("concurrency_hits.count == 0"), end_reason=reason
    )
    assert failed.verdict.result == "fail"
