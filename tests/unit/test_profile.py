"""Profiles: what a file may say, and how each mistake in it is told."""

from __future__ import annotations

import math
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from loadtests.model.people.draw import Draw
from loadtests.model.people.profile import KeepAlive, Leaving, OnRefusal, Profile, Way, load_profile
from loadtests.model.text.input_error import EXIT_MISTAKE, InputError

SHIPPED = sorted((Path(__file__).parents[2] / "profiles").glob("*.toml"))

LEAST = 'session_length = "5m"\n'


def profile(folder: Path, text: str, name: str = "mine") -> Profile:
    """The profile that a file of this text describes."""
    file = folder / f"{name}.toml"
    file.write_text(text, encoding="utf-8")
    return load_profile(file)


def mistakes(folder: Path, text: str, name: str = "mine") -> dict[str, str]:
    """What is wrong with a file of this text: path of the key → what is said."""
    with pytest.raises(InputError) as caught:
        profile(folder, text, name)
    assert caught.value.code == EXIT_MISTAKE
    assert {mistake.where for mistake in caught.value.mistakes} == {str(folder / f"{name}.toml")}
    told = {mistake.path: mistake.message for mistake in caught.value.mistakes}
    assert len(told) == len(caught.value.mistakes)
    return told


@pytest.mark.parametrize("file", SHIPPED, ids=lambda file: file.stem)
def test_shipped_profile_loads(file: Path) -> None:
    """Each profile that comes along is without a mistake, is named after its file and says what it is about."""
    found = load_profile(file)
    assert found.name == file.stem
    assert found.about


def test_shipped_profiles_are_found() -> None:
    """There are profiles to load."""
    assert {"interactive", "reading", "quiet", "leaky", "seed-example"} <= {file.stem for file in SHIPPED}


@pytest.mark.parametrize("file", SHIPPED, ids=lambda file: file.stem)
def test_profile_survives_json(file: Path) -> None:
    """What a manifest holds of a profile is the profile."""
    found = load_profile(file)
    assert Profile.model_validate_json(found.model_dump_json()) == found


def test_defaults(tmp_path: Path) -> None:
    """A profile needs a session length, and no more: two minutes of idle timeout, no keep-alive, a clean close."""
    found = profile(tmp_path, LEAST)
    assert found.name == "mine"
    assert found.idle_timeout.sample(Draw.of(1)) == 120.0
    assert found.session_length.sample(Draw.of(1)) == 300.0
    assert (found.keep_alive.when, found.disable_idle_timeout, found.leaving.leaks) == ("never", False, False)
    assert found.users_each == pytest.approx(1 / 60)


def test_every_mistake_is_told_at_once(tmp_path: Path) -> None:
    """Each mistake with its key and the value that is wrong, in one go."""
    told = mistakes(
        tmp_path,
        """
        session_length = "soon"
        sesion_length = 5
        weight = 0
        [arrivals]
        model = "half-open"
        rate = "30"
        [turns]
        thinking = { kind = "uniform", low = "9s", high = "3s" }
        [keep_alive]
        when = "quiet"
        [on_refusal]
        retries = -1
        [leaving]
        close = 0.5
        abandon = 0.4
        [calls]
        begin = true
        """,
    )
    said = {
        "session_length": "'90s', '250ms', '5m', '1h30m' (is 'soon')",
        "sesion_length": "is not a known key; did you mean 'session_length'?",
        "weight": "must be more than 0 (is 0)",
        "arrivals.model": "'open' or 'closed' (is 'half-open')",
        "arrivals.rate": "'30/min', '2/s' or '400/h' (is '30')",
        "turns.thinking": "low (9) is above high (3)",
        "keep_alive": "when = 'quiet' requires `every` (for example '30s') or `fraction` (for example 0.5)",
        "on_refusal.retries": "must be 0 or more (is -1)",
        "leaving": "the ways of leaving must add up to 1 (they add up to 0.9",
        "calls.begin": "is not a known key",
    }
    assert {path.removesuffix(".uniform") for path in told} == set(said)
    for path, expected in said.items():
        assert expected in " ".join(text for key, text in told.items() if key.startswith(path))


@pytest.mark.parametrize(
    ("line", "path"),
    [
        ('session_length = { kind = "lognormal", median = 5, p95 = "soon" }', "session_length.p95"),
        ('session_length = { kind = "lognormal", median = 5 }', "session_length.p95"),
        ('session_length = { kind = "exponential", mean = 5, men = 5 }', "session_length.men"),
        ('session_length = { kind = "uniform", low = 9, high = 3 }', "session_length"),
    ],
)
def test_path_holds_the_keys_of_the_file_alone(tmp_path: Path, line: str, path: str) -> None:
    """A mistake in a distribution is at the key that the user wrote, not at one that they never saw."""
    assert set(mistakes(tmp_path, line)) == {path}


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("idle_timeout = 5\n[leaving]\nzombie = 0.5\n", ["3599 s", "zombie requires"]),
        ("idle_timeout = 5\nweight = 0\n", ["3599 s", "must be more than 0"]),
        ("weight = 0\n[leaving]\nzombie = 0.5\n", ["zombie requires", "must be more than 0"]),
        ("[leaving]\nzombie = 1\n", ["zombie requires"]),
    ],
)
def test_mistakes_across_keys_are_told_with_the_others(tmp_path: Path, text: str, parts: list[str]) -> None:
    """A condition on several keys is told beside other mistakes, not after they have been corrected."""
    with pytest.raises(InputError) as caught:
        profile(tmp_path, LEAST + text)
    assert [part for part in parts if part not in str(caught.value)] == []


@pytest.mark.parametrize(
    ("text", "path", "said"),
    [
        ("", "session_length", "required"),
        (LEAST + "surprise = 1", "surprise", "is not a known key"),
        (LEAST + "[quiet]\nchance = 1.5", "quiet.chance", "must be at most 1 (is 1.5)"),
        (LEAST + "[quiet]\nlenght = 5", "quiet.lenght", "is not a known key; did you mean 'length'?"),
        (LEAST + "[keep_alive]\nevery = 5\nfraction = 0.5", "keep_alive", "exclude each other"),
        (LEAST + '[keep_alive]\nwhen = "always"', "keep_alive", "requires `every`"),
        (LEAST + "[keep_alive]\nfraction = 1", "keep_alive.fraction", "less than 1"),
        (LEAST + "[keep_alive]\nevery = 0", "keep_alive.every", "must be more than 0"),
        (LEAST + '[keep_alive]\nwhen = "often"', "keep_alive.when", "'never', 'quiet' or 'always'"),
        (LEAST + "[leaving]\nabandon = 1.5", "leaving.abandon", "must be at most 1"),
        (LEAST + "[leaving]\nabandon = 0.6\ncrash = 0.6", "leaving", "add up to"),
        (LEAST + '[arrivals]\nrate = "0/min"', "arrivals.rate", "or more"),
        (LEAST + "[arrivals]\nrate = 30", "arrivals.rate", "must be a rate"),
        (LEAST + "[arrivals]\nrate = 30.0", "arrivals.rate", "must be a rate"),
        (LEAST + "turns = 5", "turns", "must be a table"),
        (LEAST + "[on_refusal]\nfactor = 0.5", "on_refusal.factor", "must be 1 or more"),
        (LEAST + "idle_timeout = 1" + "0" * 400, "idle_timeout", ""),
        (LEAST + "idle_timeout = true", "idle_timeout", "(is True)"),
    ],
)
def test_mistake_is_told_at_its_key(tmp_path: Path, text: str, path: str, said: str) -> None:
    """One mistake, one message: the key, and what would be right."""
    told = mistakes(tmp_path, text)
    assert set(told) == {path}
    assert said in told[path]


@pytest.mark.parametrize(
    "idle",
    [
        "29",
        "3600",
        '{ kind = "uniform", low = 20, high = 60 }',
        '{ kind = "uniform", low = 30, high = "1h" }',
        '{ kind = "exponential", mean = 60, at_least = 30 }',
        '{ kind = "lognormal", median = 60, p95 = 120 }',
    ],
)
def test_idle_timeout_must_always_be_accepted_by_the_api(tmp_path: Path, idle: str) -> None:
    """A timeout that could ever fall outside 30 to 3599 s is told before the run."""
    assert "must be 30 to 3599 s, the range that the API accepts" in "".join(
        mistakes(tmp_path, f"{LEAST}idle_timeout = {idle}").values()
    )


@pytest.mark.parametrize(
    "idle", ["30", "3599", '{ kind = "exponential", mean = 60, at_least = 30, at_most = 3599 }', '"59m59s"']
)
def test_idle_timeout_within_the_range(tmp_path: Path, idle: str) -> None:
    """The bounds themselves are allowed."""
    low, high = profile(tmp_path, f"{LEAST}idle_timeout = {idle}").idle_timeout.bounds()
    assert 30 <= low <= high <= 3599


@pytest.mark.parametrize("name", ["Mine", "my_own", "1st", "a--b", "-a", "a-", "mein-ärger", "x" * 61])
def test_name_is_checked(tmp_path: Path, name: str) -> None:
    """A profile's name is lower case, digits and single hyphens."""
    assert set(mistakes(tmp_path, LEAST, name)) == {"name"}


def test_file_that_is_no_toml(tmp_path: Path) -> None:
    """The place of the syntax error is told."""
    assert "line 2" in mistakes(tmp_path, "a = 1\nb = = 2")[""]


@pytest.mark.parametrize("text", ["a = 1" + "0" * 5000, "a = " + "[" * 5000])
def test_hostile_toml_is_a_mistake(tmp_path: Path, text: str) -> None:
    """Numbers and nesting without end are mistakes of the file's, not errors of ours."""
    assert set(mistakes(tmp_path, text)) == {""}


def test_file_that_cannot_be_read(tmp_path: Path) -> None:
    """A missing file, a folder, and what is not text are told as such."""
    (tmp_path / "bytes.toml").write_bytes(b"\xff\xfe\x00")
    for file, said in [("none.toml", "no such file"), ("", "directory"), ("bytes.toml", "not UTF-8")]:
        with pytest.raises(InputError, match=said):
            load_profile(tmp_path / file)


def test_measured_values_are_looked_for_beside_the_profile(tmp_path: Path) -> None:
    """The path of a CSV file is relative to the profile, wherever the program runs."""
    (tmp_path / "lengths.csv").write_text("seconds\n5\n9\n", encoding="utf-8")
    found = profile(tmp_path, 'session_length = { kind = "empirical", csv = "lengths.csv", column = "seconds" }')
    assert found.session_length.bounds() == (5.0, 9.0)


@pytest.mark.parametrize(
    "text", ["session_length = inf", LEAST + "turns = { thinking = inf }", LEAST + "[keep_alive]\nevery = inf"]
)
def test_what_loads_can_be_read_back_from_a_manifest(tmp_path: Path, text: str) -> None:
    """Infinite figures are told as mistakes; or else a run with them could not be reported on."""
    try:
        found = profile(tmp_path, text)
    except InputError:
        return
    assert Profile.model_validate_json(found.model_dump_json()) == found


@pytest.mark.parametrize(
    ("policy", "interval"), [({"every": 45.0}, 45.0), ({"fraction": 0.5}, 60.0), ({"fraction": 0.25}, 30.0)]
)
def test_keep_alive_interval(policy: dict[str, float], interval: float) -> None:
    """Fixed, or a fraction of the session's idle timeout."""
    assert KeepAlive(when="always", **policy).interval(120.0) == interval  # type: ignore[arg-type]


def test_back_off_grows_to_its_bound() -> None:
    """Each wait is longer by the factor, up to the bound, without overflowing."""
    policy = OnRefusal(retries=1000, backoff=2.0, factor=3.0, at_most=30.0, jitter=0.0)
    assert [policy.wait(attempt, 0.0, Draw.of(1)) for attempt in (1, 2, 3, 4, 1000)] == [2.0, 6.0, 18.0, 30.0, 30.0]


def test_back_off_jitter_only_shortens() -> None:
    """Waits lie between the jittered and the full back-off, and are not all the same."""
    policy, draw = OnRefusal(backoff=10.0, jitter=0.4), Draw.of(1)
    waits = [policy.wait(1, 0.0, draw) for _ in range(1000)]
    assert 6.0 <= min(waits) < 6.1
    assert 9.9 < max(waits) <= 10.0


@pytest.mark.parametrize(("heed", "wait"), [(True, 25.0), (False, 2.0)])
def test_retry_after_is_heeded_if_the_profile_says_so(heed: bool, wait: float) -> None:
    """The API's own wait stands if it is longer and the client heeds it."""
    policy = OnRefusal(backoff=2.0, jitter=0.0, heed_retry_after=heed)
    assert policy.wait(1, 25.0, Draw.of(1)) == wait
    assert policy.wait(1, 1.0, Draw.of(1)) == 2.0


def test_ways_are_chosen_by_their_probabilities() -> None:
    """Each way as often as the profile says; the rest closes."""
    leaving, draw = Leaving(abandon=0.25, crash=0.1, impatient=0.05), Draw.of(3)
    counts = Counter(leaving.choose(draw) for _ in range(20_000))
    shares = {way: counts[way] / 20_000 for way in Way}
    expected = {
        Way.CLOSE: 0.6,
        Way.ABANDON: 0.25,
        Way.CRASH: 0.1,
        Way.IMPATIENT: 0.05,
        Way.ZOMBIE: 0.0,
        Way.REOPEN: 0.0,
        Way.DOUBLE_MOUNT: 0.0,
        Way.RELOAD: 0.0,
        Way.RECOVERY_LOOP: 0.0,
    }
    assert shares == pytest.approx(expected, abs=0.015)
    assert math.fsum(share for _, share in leaving.shares()) == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("ways", "leaks"),
    [
        ({}, False),
        ({"close": 1.0}, False),
        ({"abandon": 0.01}, True),
        ({"zombie": 0.01}, True),
        ({"impatient": 0.5}, True),
        ({"impatient": 0.5, "impatient_sends_stop": True}, False),
        ({"impatient": 0.5, "impatient_sends_stop": True, "crash": 0.1}, True),
        ({"reload": 0.5}, True),
        ({"reload": 0.5, "reload_sends_beacon": True}, False),
        ({"double_mount": 0.1}, True),
        ({"recovery_loop": 0.1}, True),
    ],
)
def test_leaks_are_known_beforehand(ways: dict[str, Any], leaks: bool) -> None:
    """Whether a profile may leave sessions open follows from its ways of leaving."""
    assert Leaving(**ways).leaks is leaks
