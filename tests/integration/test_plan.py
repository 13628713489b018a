"""`streamsoak plan` as a process: what it says, writes and ends with."""

from __future__ import annotations

import json
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter

from loadtests.scenarios.catalogue import named_api
from reports.plan.plan import CapacityPlan
from reports.plan.sentences import sentences
from tests.golden.story import Story
from tests.unit.test_cli import streamsoak

from .locust_run import ROOT

_RECORDED = str(ROOT / "tests" / "golden" / "recorded-run")


def _plan(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """`streamsoak plan` in this process: starting one takes longer than planning."""
    return streamsoak("plan", *map(str, arguments))


def _simulated(folder: Path, scenario: str, *options: str) -> Path:
    """The run of a scenario in virtual time."""
    ended = streamsoak("simulate", scenario, *options, "--run-dir", str(folder))
    assert ended.returncode in (0, 1, 2), ended.stderr
    (run,) = folder.iterdir()
    return run


@pytest.fixture(scope="module")
def soak(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ten minutes of the soak of docs/capacity.md."""
    return _simulated(tmp_path_factory.mktemp("soak"), "capacity-soak", "--duration", "10m")


def _figures(run: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((run / "plan.json").read_text(encoding="utf-8"))
    return found


def test_the_plan_of_six_loads(tmp_path: Path) -> None:
    """Erlang B for each load, agreeing with what was measured; a bend where the account is full; the file as its schema says."""
    planned = _simulated(tmp_path / "steps", "capacity-steps")
    said = _plan(planned).stdout
    assert "Simulated" in said
    assert "Ask for" in said
    plan = _figures(planned)
    TypeAdapter(CapacityPlan).validate_python(plan, strict=False)
    assert plan["simulated"] is True
    whole, *parts = plan["blocking"]
    assert (whole["by"], {part["by"] for part in parts}) == ("replay", {"erlang-b"})
    assert sum(part["agrees"] for part in parts) >= 5
    assert whole["agrees"]
    assert all(part["arrivals"]["poisson"] for part in plan["offered"])
    assert plan["steps"]["bend"] in {"35 a minute", "45 a minute", "60 a minute"}
    assert plan["today"]["stretch"] == "80 a minute"
    today = next(each for each in plan["limits"] if each["arrivals"] == 1 and each["leaks"] and each["target"] == 0.01)
    assert today["low"] < today["slots"] < today["high"]
    assert today["by"] == "erlang-b"


def test_equal_seeds_give_equal_plans(tmp_path: Path) -> None:
    """To the byte; another seed draws others."""
    texts = []
    for seed in ("1", "1", "5"):
        assert _plan(_RECORDED, "--seed", seed, "--out", tmp_path).returncode == 0
        texts.append((tmp_path / "plan.json").read_bytes())
    assert texts[0] == texts[1] != texts[2]


def test_another_run_is_foreseen(soak: Path, tmp_path: Path) -> None:
    """A higher limit refuses fewer, more leaks refuse more, and a longer idle timeout, too: in a whole run like the recorded
    one, and at the load that the plan is for. The same run of another length is told of.
    """
    told = []
    for asked in (
        ("--limit", "60", "--idle-timeout", "300", "--duration", "300"),
        ("--limit", "60", "--leak-share", "0.4"),
        ("--limit", "60"),
    ):
        ended = _plan(soak, "--out", tmp_path, *asked)
        assert ended.returncode == 0, ended.stderr
        assert ("A whole run of 5 min" in ended.stdout) == ("--duration" in asked)
        assert "What if: 60 slots" in ended.stdout
        told.append(_figures(tmp_path))
    longer, more_leaks, more_slots = told
    today = more_slots["what_if"]["examples"][0]["answer"]["refused"]
    asked_shares = [plan["asked"]["answer"]["refused"] for plan in (more_slots, more_leaks, longer)]
    assert asked_shares[0] < min(today, *asked_shares[1:])
    assert more_slots["expected"]["share"] < more_leaks["expected"]["share"]


def test_no_longer_run_than_the_recorded_one_is_predicted(soak: Path) -> None:
    """A longer duration is refused, with what there is."""
    ended = _plan(soak, "--duration", "11m")
    assert (ended.returncode, ended.stderr) == (
        64,
        "--duration: must be at most 10 min, the load of the run (is 11 min)\n",
    )


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "the directory of at least one run"),
        (("nowhere",), "no such directory"),
        (("nowhere", "--leak-share", "2"), "must be a share: 0 to 1, or for example '30%' (is '2')"),
        (("nowhere", "--limit", "0"), "must be 1 or more (is 0)"),
        (("nowhere", "--keep-alive", "0"), "must be more than 0 seconds (is 0)"),
        (("nowhere", "--arrivals", "nan"), "must be more than 0"),
        (("nowhere", "--out", "elsewhere"), "is not a directory"),
        (("nowhere", "--survives", "99"), "must be 0 to 20 (is 99)"),
    ],
)
def test_mistakes_are_told(arguments: tuple[str, ...], said: str) -> None:
    """With exit code 64, the option and the value; never a traceback."""
    ended = _plan(*arguments)
    assert ended.returncode == 64
    assert said in ended.stderr
    assert "Traceback" not in ended.stderr


def test_what_the_api_does_not_take_is_refused(tmp_path: Path) -> None:
    """Its range of idle timeouts is known from the run; a keep-alive must come before the timeout."""
    run = Story().opens(1, 1.0).stops(1, 5.0).write(tmp_path / "run", limit=2)
    for asked, said in (
        (("--idle-timeout", "15"), "--idle-timeout: must be 30 to 3599 s, as the API takes (is 15)"),
        (
            ("--idle-timeout", "30", "--keep-alive", "30"),
            "--keep-alive: must be less than the idle timeout, 30 s (is 30)",
        ),
    ):
        ended = _plan(run, *asked)
        assert ended.returncode == 64
        assert said in ended.stderr


def test_runs_of_different_limits_are_not_planned_together(tmp_path: Path) -> None:
    """Each mistake names the run, its limit, and the other's."""
    few = Story().opens(1, 1.0).stops(1, 5.0).write(tmp_path / "few", limit=2)
    many = Story().opens(1, 1.0).stops(1, 5.0).write(tmp_path / "many", limit=3, run="other")
    ended = _plan(few, many)
    assert ended.returncode == 64
    assert "its limit is 3, not 2" in ended.stderr


def test_runs_of_different_apis_are_not_planned_together(tmp_path: Path) -> None:
    """What one API allows says nothing about another."""
    one = Story().opens(1, 1.0).stops(1, 5.0).write(tmp_path / "one", limit=2)
    other = Story().opens(1, 1.0).stops(1, 5.0).write(tmp_path / "other", limit=2, run="o", api=named_api("tavus"))
    ended = _plan(one, other)
    assert ended.returncode == 64
    assert "its API is tavus, not konpro" in ended.stderr


def test_if_todays_timeout_stays_other_slots_are_needed(soak: Path, tmp_path: Path) -> None:
    """Where the recommendation is for another timeout, the terminal says what holds for today's."""
    assert _plan(soak, "--out", tmp_path).returncode == 0
    plan = TypeAdapter(CapacityPlan).validate_python(_figures(tmp_path), strict=False)
    stays, fixed, shorter = plan.choices
    assert stays.question is not None
    assert not [line for line in sentences(plan) if "stays, ask for" in line]
    longer = replace(stays, question=replace(stays.question, idle_timeout=120.0))
    said = [line for line in sentences(replace(plan, choices=(longer, fixed, shorter))) if "stays, ask for" in line]
    assert said == [
        f"If today's idle timeout of 2 min stays, ask for {stays.slots} slots, {fixed.slots} without the leaks."
    ]


def test_nobody_who_asked_is_unknown_not_a_number(tmp_path: Path) -> None:
    """Exit code 2, and both files say so."""
    run = Story().looks(5).write(tmp_path / "run")
    ended = _plan(run)
    assert ended.returncode == 2, ended.stderr
    assert "Inconclusive" in ended.stdout
    plan = _figures(run)
    assert (plan["today"], plan["limits"], plan["what_if"]) == (None, [], None)
    assert plan["unknown"] == "no session was requested"
    assert "no session was requested" in (run / "plan.html").read_text(encoding="utf-8")


def test_of_an_audit_nobody_knows_how_long_the_refused_meant_to_stay(tmp_path: Path) -> None:
    """So no load can be told."""
    story = Story("client").call(1, "new", 1.0, value=30.0, detail="id-1").stops(1, 9.0).refused(2, 3.0).looks(20)
    ended = _plan(run := story.write(tmp_path / "run", audit=True))
    assert ended.returncode == 2, ended.stderr
    assert "the planned stay of 1 user is unknown" in _figures(run)["unknown"]


def test_a_late_generator_and_a_cut_run_are_told_of_at_the_top(tmp_path: Path) -> None:
    """Before the limit, on the terminal and on the page."""
    story = Story()
    for number in range(1, 40):
        story.opens(number, float(number)).stops(number, number + 3.0)
    run = story.note(0, "loop", 20.0, 4.0).looks(60).write(tmp_path / "run", ended=None, load_ended=None)
    ended = _plan(run)
    lines = ended.stdout.splitlines()
    assert any("cut off" in line for line in lines[:2])
    assert any("stalled for 4 s" in line for line in lines[:3])
    assert len(_figures(run)["warnings"]) == 2


def test_the_schema_is_printed() -> None:
    """It names every part of the file."""
    schema = json.loads(_plan("--schema").stdout)
    assert {"limits", "timeout", "leaks", "steps", "what_if"} <= set(schema["properties"])
