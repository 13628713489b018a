"""Scenarios: stages and loads, what a scenario changes in its profiles, and how each mistake is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from loadtests.model.people.draw import Draw
from loadtests.model.people.profile import load_profile
from loadtests.model.run.manifest import Manifest, read_manifest
from loadtests.model.run.scenario import Scenario, load_scenario
from loadtests.model.text.input_error import InputError
from loadtests.recording.run_directory import write_manifest

PROFILES = Path(__file__).parents[2] / "profiles"
SHIPPED = sorted((PROFILES / "scenarios").glob("*.toml"))

STAGE = '[[stages]]\nduration = "10s"\nload = { interactive = "30/min" }\n'


def scenario(folder: Path, text: str) -> Scenario:
    """The scenario that a file of this text describes; profiles are looked for beside it, then among ours."""
    file = folder / "mine.toml"
    file.write_text(text, encoding="utf-8")
    return load_scenario(file, (folder, PROFILES))


def mistakes(folder: Path, text: str) -> list[str]:
    """What is wrong with a file of this text."""
    with pytest.raises(InputError) as caught:
        scenario(folder, text)
    return [str(mistake) for mistake in caught.value.mistakes]


def manifest(found: Scenario) -> Manifest:
    """A manifest of a run of that scenario."""
    return Manifest(
        run="r1",
        host="http://127.0.0.1:1",
        sandbox=True,
        started="2026-01-01T00:00:00Z",
        started_unix=1767225600.0,
        seed=found.seed,
        limit=found.limit,
        observe=found.observe,
        poll=found.poll,
        tolerance=found.tolerance,
        people=found.profiles,
        scenario=found,
        software={},
    )


def read_back(folder: Path, found: Scenario) -> Scenario | None:
    """The scenario as a report reads it from the manifest."""
    write_manifest(folder, manifest(found))
    return read_manifest(folder).scenario


@pytest.mark.parametrize("file", SHIPPED, ids=lambda file: file.stem)
def test_shipped_scenario_loads(file: Path) -> None:
    """Each scenario that comes along is without a mistake, and holds every profile that its stages name."""
    found = load_scenario(file, (PROFILES,))
    assert (found.name, bool(found.about)) == (file.stem, True)
    assert set(found.profiles) == {name for stage in found.stages for name in stage.load}


def test_shipped_scenarios_are_found() -> None:
    """There are scenarios to load."""
    assert {"demo", "smoke"} <= {file.stem for file in SHIPPED}


@pytest.mark.parametrize("file", SHIPPED, ids=lambda file: file.stem)
def test_scenario_survives_the_manifest(tmp_path: Path, file: Path) -> None:
    """A report judges a run by the very scenario that it was."""
    found = load_scenario(file, (PROFILES,))
    assert read_back(tmp_path, found) == found


def test_measured_values_survive_the_manifest(tmp_path: Path) -> None:
    """A report needs no file but the run's."""
    (tmp_path / "lengths.csv").write_text("seconds\n5\n9\n", encoding="utf-8")
    length = '{ kind = "empirical", csv = "lengths.csv", column = "seconds" }'
    (tmp_path / "own.toml").write_text(f"session_length = {length}", encoding="utf-8")
    found = scenario(tmp_path, '[[stages]]\nduration = 10\nload = { own = "1/min" }\n')
    (tmp_path / "lengths.csv").unlink()
    assert read_back(tmp_path, found) == found


def test_manifest_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    """A folder without a manifest, and one with half of it, are told as such."""
    with pytest.raises(InputError, match="is not a run's directory"):
        read_manifest(tmp_path)
    (tmp_path / "manifest.json").write_text('{"run": "r1"', encoding="utf-8")
    with pytest.raises(InputError, match=r"manifest\.json"):
        read_manifest(tmp_path)


def test_defaults(tmp_path: Path) -> None:
    """Named after its file; a stage without a ramp; profiles as their files have them."""
    found = scenario(tmp_path, STAGE)
    assert (found.name, found.limit, found.idle_range, found.duration) == ("mine", None, (30.0, 3599.0), 10.0)
    assert found.profiles == {"interactive": load_profile(PROFILES / "interactive.toml")}
    load = found.stages[0].load["interactive"]
    assert (load.amount, load.is_rate) == (0.5, True)


def test_changes_are_merged_into_the_profile(tmp_path: Path) -> None:
    """[profiles.NAME] holds what differs; tables are merged key by key, all else stays as the file has it."""
    changes = '[profiles.interactive]\nturns = { thinking = "1s" }\non_refusal = { retries = 9 }\n'
    found = scenario(tmp_path, STAGE + changes).profiles["interactive"]
    base = load_profile(PROFILES / "interactive.toml")
    assert found.turns.thinking.bounds() == (1.0, 1.0)
    assert (found.turns.words, found.session_length, found.keep_alive) == (
        base.turns.words,
        base.session_length,
        base.keep_alive,
    )
    assert found.on_refusal == base.on_refusal.model_copy(update={"retries": 9})


def test_distribution_is_replaced_whole(tmp_path: Path) -> None:
    """Nothing of the old distribution is left in the new one, even of the same kind."""
    changes = '[profiles.interactive]\nsession_length = { kind = "exponential", mean = "2s" }\n'
    length = scenario(tmp_path, STAGE + changes).profiles["interactive"].session_length
    assert (length.mean, length.at_most) == (2.0, None)


def test_like_makes_a_profile_out_of_another(tmp_path: Path) -> None:
    """Under a name of its own, as the named profile is, but for what differs."""
    text = '[[stages]]\nduration = 10\nload = { twin = "1/min", slow = "1/min" }\n'
    profiles = '[profiles.twin]\nlike = "interactive"\n[profiles.slow]\nlike = "interactive"\nidle_timeout = "99s"\n'
    found = scenario(tmp_path, text + profiles).profiles
    base = load_profile(PROFILES / "interactive.toml")
    assert found["twin"] == base.model_copy(update={"name": "twin"})
    assert (found["slow"].name, found["slow"].idle_timeout.sample(Draw.of(1))) == ("slow", 99.0)
    assert found["slow"].session_length == base.session_length


def test_profile_may_stand_in_the_scenario_alone(tmp_path: Path) -> None:
    """With a session length, a profile needs no file."""
    found = scenario(
        tmp_path, '[[stages]]\nduration = 10\nload = { own = "1/min" }\n[profiles.own]\nsession_length = 5\n'
    )
    assert found.profiles["own"].session_length.bounds() == (5.0, 5.0)


def test_own_folder_hides_ours(tmp_path: Path) -> None:
    """The first folder that has a profile of the name gives it."""
    (tmp_path / "interactive.toml").write_text("session_length = 7", encoding="utf-8")
    assert scenario(tmp_path, STAGE).profiles["interactive"].session_length.bounds() == (7.0, 7.0)


def test_idle_range_of_the_scenario_counts(tmp_path: Path) -> None:
    """Short timeouts are allowed where the scenario says that its API takes them, and only there."""
    change = '[profiles.interactive]\nidle_timeout = "3s"\n'
    assert "must be 30 to 3599 s, the range that the API accepts" in "".join(mistakes(tmp_path, STAGE + change))
    found = scenario(tmp_path, "idle_range = [1, 3599]\n" + STAGE + change)
    assert found.profiles["interactive"].idle_timeout.bounds() == (3.0, 3.0)


@pytest.mark.parametrize(
    ("text", "path", "said"),
    [
        ("", "stages", "required"),
        ("stages = []", "stages", "at least one stage"),
        ("surprise = 1\n" + STAGE, "surprise", "is not a known key"),
        ("limit = 0\n" + STAGE, "limit", "must be 1 or more (is 0)"),
        ("seed = -1\n" + STAGE, "seed", "must be 0 or more (is -1)"),
        ("tolerance = 0\n" + STAGE, "tolerance", "must be more than 0 (is 0.0)"),
        ('poll = "often"\n' + STAGE, "poll", "must be a duration"),
        ('name = "My run"\n' + STAGE, "name", "pattern"),
        ('gates = ["sessions.opend > 0"]\n' + STAGE, "gates.0", "did you mean 'sessions.opened'?"),
        ("gates = [5]\n" + STAGE, "gates.0", "(is 5)"),
        ('[api]\nclose = "/x"\n' + STAGE, "api.close", "is not a known key"),
        ("profiles = 5\n" + STAGE, "profiles", "must be tables"),
        (STAGE + "[profiles.quiet]\n", "profiles.quiet", "is not used by any stage"),
        (STAGE + "[profiles.interactive]\nfoo = 3\n", "profiles.interactive: foo", "is not a known key"),
        (STAGE + '[profiles.interactive]\nlike = "interactve"\n', "profiles.interactive", "no profile 'interactve'"),
        (
            STAGE + '[profiles.interactive]\nlike = "interactve"\nsession_length = 5\n',
            "profiles.interactive",
            "no profile 'interactve'",
        ),
        (
            "[[stages]]\nduration = 10\nload = { nobody = 3 }",
            "profiles.nobody",
            "available profiles: background-tab, interactive, leaky",
        ),
        ("[[stages]]\nduration = 10\nload = { quiet = true }", "stages.0.load.quiet", "must be a load"),
        ('[[stages]]\nduration = 10\nload = { quiet = "many" }', "stages.0.load.quiet", "must be a rate"),
        ("[[stages]]\nduration = 10\nload = { quiet = -1 }", "stages.0.load.quiet.amount", "(is -1)"),
        ("[[stages]]\nduration = 10\nload = { quiet = inf }", "stages.0.load.quiet.amount", "inf"),
        ("[[stages]]\nduration = inf\nload = { quiet = 1 }", "stages.0.duration", "inf"),
        ("[[stages]]\nduration = 0\nload = { quiet = 1 }", "stages.0.duration", "must be more than 0"),
        (
            "[[stages]]\nduration = 5\nramp = 6\nload = { quiet = 1 }",
            "stages.0",
            "ramp (6 s) must not be longer than the stage (5 s)",
        ),
        ("[[stages]]\nduration = 5\nload = { quiet = 1 }\nrmp = 5", "stages.0.rmp", "is not a known key"),
        (
            '[[stages]]\nduration = 5\nload = { quiet = "5/min" }',
            "stages.0.load.quiet",
            "must be a number of users: the profile is of the closed model",
        ),
        (
            "[[stages]]\nduration = 5\nload = { leaky = 5 }",
            "stages.0.load.leaky",
            "must be a rate such as '30/min': the profile is of the open model",
        ),
        ("idle_range = [3599, 30]\n" + STAGE, "idle_range", "30"),
    ],
)
def test_mistake_is_told_once_at_its_key(tmp_path: Path, text: str, path: str, said: str) -> None:
    """One mistake, one message: file, key, value and what would be right."""
    told = mistakes(tmp_path, text)
    assert len(told) == 1
    assert told[0].startswith(": ".join(part for part in (str(tmp_path / "mine.toml"), path) if part) + ": ")
    assert said in told[0]


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("limit = 0\nsurprise = 1\n" + STAGE, ["limit", "surprise"]),
        (STAGE + "[profiles.interactive]\nfoo = 3\n[profiles.quiet]\n", ["foo", "is not used by any stage"]),
        ("[[stages]]\nduration = 5\nload = { nobody = 1, noone = 1 }", ["'nobody'", "'noone'"]),
        ("limit = 0\n" + STAGE + "[profiles.interactive]\nfoo = 3\n", ["limit", "foo"]),
        ("limit = 0\n" + STAGE + "[profiles.quiet]\n", ["limit", "is not used by any stage"]),
        (
            '[[stages]]\nduration = 5\nload = { leaky = 5, quiet = "5/min" }',
            ["of the open model", "of the closed model"],
        ),
    ],
)
def test_every_mistake_is_told_at_once(tmp_path: Path, text: str, parts: list[str]) -> None:
    """Mistakes of the scenario, of its stages and of its profiles are told together."""
    told = "\n".join(mistakes(tmp_path, text))
    assert [part for part in parts if part not in told] == []


def test_mistake_in_a_profile_names_the_file_of_the_profile(tmp_path: Path) -> None:
    """A mistake that stands in the profile's own file is told with that file."""
    (tmp_path / "interactive.toml").write_text("session_length = 7\nfoo = 1", encoding="utf-8")
    assert mistakes(tmp_path, STAGE)[0].startswith(f"{tmp_path / 'interactive.toml'}: foo: ")


@pytest.mark.parametrize(
    ("line", "seconds"),
    [("", 3600.0), ('session_cap = "none"\n', None), ('session_cap = "9s"\n', 9.0), ("session_cap = 90\n", 90.0)],
)
def test_session_cap(tmp_path: Path, line: str, seconds: float | None) -> None:
    """The API's usual cap unless the scenario sets one, or none; the manifest keeps it."""
    found = scenario(tmp_path, f"{line}{STAGE}")
    assert found.session_cap == seconds
    again = read_back(tmp_path, found)
    assert again is not None
    assert again.session_cap == seconds


@pytest.mark.parametrize("text", ['"never"', "0", "true", '"0s"'])
def test_session_cap_that_is_none(tmp_path: Path, text: str) -> None:
    """A cap is a duration, or "none"."""
    (mistake,) = mistakes(tmp_path, f"session_cap = {text}\n{STAGE}")
    assert "session_cap" in mistake
