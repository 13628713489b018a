"""`streamsoak fit` on simulated days and on recordings: what it writes, says and ends with. `make fit-accuracy` does more."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any

import pytest

from loadtests.model.log.record import COLUMNS
from loadtests.model.people.profile import load_profile
from loadtests.model.run.manifest import read_manifest
from loadtests.model.run.scenario import load_scenario
from loadtests.recording.run_directory import write_manifest
from reports.fit.fitting import Fit, FitOptions, build_fit
from reports.log.log import open_log_read_only
from tests.accuracy.hours import recorded
from tests.fit_accuracy.days import fit_of_day, scenario
from tests.fit_accuracy.plans import agreement
from tests.golden.story import Story
from tests.unit.test_cli import assert_mistake, streamsoak


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Eight hours of three kinds of people."""
    return recorded(scenario("8h"), 1, tmp_path_factory.mktemp("fit") / "day")


@pytest.fixture(scope="module")
def fit(day: Path) -> Fit:
    """Its fit, without the names of profiles."""
    return build_fit([day], FitOptions("mine"))


def _calls_alone(run: Path, folder: Path) -> Path:
    """The same log as a recording proxy writes it: one profile, no notes of people, no planned stay."""
    folder.mkdir()
    log = open_log_read_only(run)
    names = ", ".join(column.name for column in COLUMNS)
    log.export(
        f"SELECT {names} FROM (SELECT * REPLACE ('client' AS profile, 'none' AS holder) FROM events"
        " WHERE outcome <> 'none' OR kind = 'vanished') ORDER BY t",
        folder / "events.parquet",
    )
    log.close()
    write_manifest(folder, read_manifest(run).model_copy(update={"people": {}, "scenario": None, "audit": True}))
    return folder


def test_three_kinds_of_people_are_found(fit: Fit) -> None:
    """By their calls: the rates, the interval of the reader's keep-alives, the kiosk's constant thinking."""
    assert len(fit.people) == 3
    assert fit.kinds
    assert fit.kinds.certainty > 0.95
    kept = {person.keep_alive.when: person for person in fit.people if person.keep_alive}
    assert set(kept) == {"always", "quiet", "never"}
    timeouts = {when: person.idle_timeout for when, person in kept.items()}
    assert {when: timeout.curve.median() for when, timeout in timeouts.items() if timeout and when != "always"} == {
        "quiet": 150.0,
        "never": 120.0,
    }
    assert all(abs(60 * person.arrivals.rate.value - 0.4) < 0.1 for person in fit.people)
    assert not fit.arrivals.varies


def test_only_calls_are_read(day: Path, fit: Fit, tmp_path: Path) -> None:
    """Without the notes of simulated people and the names of their profiles the fit is the same."""
    alone = build_fit([_calls_alone(day, tmp_path / "recording")], FitOptions("mine"))
    for found, expected in zip(alone.people, fit.people, strict=True):
        assert found.session_length
        assert expected.session_length
        assert found.session_length.parameters == expected.session_length.parameters
        assert found.leaving == expected.leaving
        assert found.keep_alive == expected.keep_alive
        assert found.quiet_chance == expected.quiet_chance


def test_known_parameters_come_back() -> None:
    """Of one day, at least eight of ten within their intervals; every family is the right one."""
    found = fit_of_day(4, "12h")
    assert all(estimate for _, estimate in found.values()), found
    within = [bool(estimate and estimate.holds(true)) for true, estimate in found.values()]
    assert len(within) > 30
    assert sum(within) >= 0.8 * len(within)


def test_a_plan_from_the_fit_is_that_of_the_log() -> None:
    """To two percentage points of refused first attempts: half an hour has its own chance, `make fit-accuracy` takes longer."""
    plans = agreement(2, "30m", simulations=2)
    assert plans.log > 0.01
    assert abs(plans.difference) < 0.02
    assert plans.kinds == 2


def test_the_command_writes_profiles_that_are_valid(day: Path, tmp_path: Path) -> None:
    """A profile for each kind, a scenario that runs them, a page; a second time nothing is overwritten."""
    profile, load = tmp_path / "profiles" / "mine.toml", tmp_path / "profiles" / "scenarios" / "mine-day.toml"
    options = ("-o", str(profile), "--scenario", str(load), "--out", str(tmp_path))
    done = streamsoak("fit", str(day), *options)
    assert done.returncode == 0, done.stderr
    assert "3 kinds of people" in done.stdout
    names = {path.stem for path in profile.parent.glob("*.toml")}
    assert names == {"mine", "mine-2", "mine-3"}
    profiles = [load_profile(profile.with_name(f"{name}.toml")) for name in names]
    assert sum(each.weight for each in profiles) == pytest.approx(1, abs=1e-3)
    written = load_scenario(load, (profile.parent,))
    assert set(written.profiles) == names
    assert written.limit == 500
    assert streamsoak("profiles", *map(str, profile.parent.glob("*.toml")), str(load)).returncode == 0
    page = (tmp_path / "fit.html").read_text(encoding="utf-8")
    assert "could not be drawn" not in page
    assert 'id="chart-session_length-0"' in page
    figures = json.loads((tmp_path / "fit.json").read_text(encoding="utf-8"))
    assert len(figures["people"]) == 3
    before = profile.read_bytes()
    assert_mistake(streamsoak("fit", str(day), *options), "already exists", "--force")
    assert profile.read_bytes() == before
    again = streamsoak("fit", str(day), *options, "--force", "--kinds", "1", "--json")
    assert len(json.loads(again.stdout)["people"]) == 1
    assert profile.read_bytes() != before


def _hour(sessions: int, tasks: int, *, closes: bool) -> Story:
    story = Story("client")
    for session in range(1, sessions + 1):
        t = 10.0 * session
        story.call(session, "new", t, value=60.0, detail=f"id-{session}")
        for number in range(tasks):
            story.call(session, "task", t + 3 + number, value=0.0)
        if closes:
            story.call(session, "stop", t + 20 + session % 7)
    return story


def _fitted(run: Path, *options: str) -> tuple[Any, dict[str, Any]]:
    done = streamsoak("fit", str(run), "-o", str(run / "mine.toml"), *options)
    assert "Traceback" not in done.stderr
    path = run / "mine.toml"
    return done, tomllib.loads(path.read_text(encoding="utf-8")) if path.exists() else {}


def test_too_few_sessions_are_said(tmp_path: Path) -> None:
    """None, one, and nineteen: nothing is written, exit code 2."""
    for sessions in (0, 1, 19):
        run = _hour(sessions, 2, closes=True).write(tmp_path / str(sessions), audit=True)
        done, written = _fitted(run)
        assert_mistake(done, "20 are needed", code=2)
        assert not written


def test_what_cannot_be_fitted_has_a_default(tmp_path: Path) -> None:
    """No tasks and no keep-alives: said with the default; the profile is valid."""
    done, written = _fitted(_hour(40, 0, closes=True).write(tmp_path / "silent", audit=True))
    assert done.returncode == 0, done.stderr
    assert "Thinking and quiet periods: only 0 sessions had a first task; the default is 7 s" in done.stdout
    assert written["turns"]["thinking"] == "7s"
    assert "keep_alive" not in written
    load_profile(tmp_path / "silent" / "mine.toml")


def test_lengths_that_are_all_censored_are_inconclusive(tmp_path: Path) -> None:
    """Everyone is still there when the recording ends: exit code 2, and the profile says that its length is a default."""
    story = _hour(40, 0, closes=False)
    for session in range(1, 41):
        for number in range(1 + (500 - 10 * session) // 20):
            story.call(session, "task", 10 * session + 2 + 20 * number, value=0.0)
    done, written = _fitted(story.write(tmp_path / "open", audit=True))
    assert done.returncode == 2, done.stdout + done.stderr
    assert "Session length: only 0 values of 40 known; the default is exponential with a mean of 15 min" in done.stdout
    assert written["session_length"]["mean"] == "15m"
    assert "Not fitted: a default" in (tmp_path / "open" / "mine.toml").read_text(encoding="utf-8")


def test_mistakes_are_said(day: Path, tmp_path: Path) -> None:
    """A name that is none, a scenario without a profile, a directory without a log, an option out of range."""
    log = str(day)
    assert_mistake(streamsoak("fit", log, "-o", "My File.toml"), "lower case letters")
    assert_mistake(streamsoak("fit", log, "-o", "mine.json"), ".toml")
    assert_mistake(streamsoak("fit", log, "--scenario", "day.toml"), "--output")
    assert_mistake(streamsoak("fit", log, "--kinds", "4"), "1 to 3")
    assert_mistake(streamsoak("fit", log, str(tmp_path)), "manifest.json")
    assert_mistake(streamsoak("fit", log, "--out", str(tmp_path / "none")), "not a directory")
