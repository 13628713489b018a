"""A run that could not have failed does not pass: its calls did not work, or its load did not come."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from loadtests.model.gates.gates import parse_gate
from loadtests.model.people.profile import Profile
from loadtests.model.run.scenario import Load, Scenario
from reports.summary import Analysis

from .story import STARTED, Story

UNKNOWN = {"outcome": "unknown", "status": 500, "code": 0, "reason": "server-error"}


def _scenario(*gates: str, loads: dict[str, float] | None = None, seconds: float = 100.0) -> dict[str, Any]:
    """A manifest with gates, and open-model profiles with these arrivals a second."""
    people = {name: Profile(name=name, session_length=60.0) for name in loads or {}}
    stages = [
        {
            "name": "steady",
            "duration": seconds,
            "load": {name: Load(amount=rate, is_rate=True) for name, rate in (loads or {}).items()},
        }
    ]
    tables = {"name": "by-hand", "stages": stages, "gates": list(map(parse_gate, gates)), "profiles": people}
    return {"scenario": Scenario.model_validate(tables), "people": people, "ended": seconds + 10, "load_ended": seconds}


def _working() -> Story:
    story = Story().looks(60)
    for number in range(1, 6):
        story.opens(number, float(number), 300.0).listed(number, number + 0.5).call(number, "keep_alive", number + 10.0)
        story.leaves(number, number + 20.0, "close").stops(number, number + 20.0)
        story.vanishes(number, number + 19.5, number + 21.0)
    return story


def _judged(story: Story, folder: Path, *gates: str, **loads: Any) -> Analysis:
    return story.analysed(folder, **_scenario(*gates, **loads))


def test_the_gates_hold_where_everything_works(tmp_path: Path) -> None:
    """The run that the others are variations of."""
    gates = ("sessions.ghosts == 0", "concurrency_hits.count == 0", "finding.keepalive-ignored == 0")
    assert _judged(_working(), tmp_path, *gates, seconds=1).verdict.result == "pass"


@pytest.mark.parametrize(
    ("gate", "kind"),
    [
        ("sessions.ghosts == 0", "stop"),
        ("finding(stop-without-effect) absent", "stop"),
        ("finding(keepalive-ignored) absent", "keep_alive"),
        ("sessions.ghosts == 0", "list"),
        ("sessions.fates.leaked-late == 0", "list"),
        ("concurrency_hits.count < 5", "new"),
    ],
)
def test_a_count_that_could_not_have_risen_is_unknown(tmp_path: Path, gate: str, kind: str) -> None:
    """Most calls of the kind that raises it did not work: the gate names them."""
    story = _working()
    broken = 0 if kind in ("stop", "keep_alive") else 200
    if broken == 0:
        story.rows = [
            row._replace(outcome="unknown", status=500, reason="server-error") if row.kind == kind else row
            for row in story.rows
        ]
    for n in range(broken):
        story.call(50 + n if kind == "new" else 0, kind, 30.0 + n / 10, **UNKNOWN)
    verdict = _judged(story, tmp_path, gate, seconds=1).verdict
    (judged,) = verdict.gates
    assert judged.result == "unknown"
    assert verdict.result == "unknown"
    assert (
        f"{kind} calls did not work" in judged.shown or "not observed" in judged.shown or "not measured" in judged.shown
    )


def test_a_count_that_is_too_high_fails_all_the_same(tmp_path: Path) -> None:
    """Calls that did not work can only make it higher."""
    story = _working().refused(90, 30.0)
    for n in range(200):
        story.call(100 + n, "new", 30.0 + n / 10, **UNKNOWN)
    assert _judged(story, tmp_path, "concurrency_hits.count == 0", seconds=1).verdict.gates[0].result == "fail"


def test_sessions_that_no_answer_confirmed_are_no_measurement(tmp_path: Path) -> None:
    """Every answer to new was unreadable, while the list shows what was opened: inconclusive."""
    story = Story().looks(60)
    for number in range(1, 6):
        t = 5.0 * number
        story.note(number, "arrive", t, 50.0, "close").call(number, "new", t, **{**UNKNOWN, "value": 30.0})
        story.note(0, "stranger", t + 1, STARTED + t, f"ghost-{number}")
    verdict = _judged(story, tmp_path, "sessions.leaked == 0", seconds=1).verdict
    assert verdict.result == "unknown"
    assert "confirmed" in verdict.sentence


def _arrivals(profile: str, number: int, seconds: float = 100.0) -> Story:
    story = Story(profile).looks(60)
    for n in range(number):
        story.opens(n + 1, (n + 0.5) * seconds / number, 30.0)
    return story


@pytest.mark.parametrize(("came", "result"), [(200, "pass"), (150, "pass"), (120, "unknown")])
def test_a_stage_must_offer_its_load(tmp_path: Path, came: int, result: str) -> None:
    """200 arrivals are expected; 150 may be chance (3.5 standard deviations), 120 cannot."""
    verdict = _judged(_arrivals("a", came), tmp_path, "concurrency_hits.count == 0", loads={"a": 2.0}).verdict
    assert verdict.result == result
    assert ("of its load" in verdict.sentence) == (result == "unknown")


def test_each_profile_must_come(tmp_path: Path) -> None:
    """One of two never arrives; where only a few were expected, that may be chance."""
    verdict = _judged(
        _arrivals("a", 200), tmp_path / "1", "concurrency_hits.count == 0", loads={"a": 2.0, "b": 0.2}
    ).verdict
    assert verdict.result == "unknown"
    assert "nobody of the profile 'b' arrived" in verdict.sentence
    assert (
        _judged(
            _arrivals("a", 200), tmp_path / "2", "concurrency_hits.count == 0", loads={"a": 2.0, "b": 0.03}
        ).verdict.result
        == "pass"
    )


def test_a_run_that_withholds_its_load_does_not_pass(tmp_path: Path) -> None:
    """A guard kept back a third of the requests for a session."""
    story = _working()
    for n in range(3):
        story.call(50 + n, "new", 30.0 + n, outcome="withheld", status=0, code=0, reason="max-open")
    verdict = _judged(story, tmp_path, "concurrency_hits.count == 0", seconds=1).verdict
    assert verdict.result == "unknown"
    assert "withheld 3 of 8 requests" in verdict.sentence
