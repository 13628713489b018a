"""The load over time: loads, ramps, users, and rates that add up to the load."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadtests.model.run.plan import LoadPlan
from loadtests.model.run.scenario import Scenario, load_scenario
from loadtests.model.text.input_error import InputError

PROFILES = Path(__file__).parents[2] / "profiles"
SHIPPED = sorted((PROFILES / "scenarios").glob("*.toml"))

OPEN = {"name": "talk", "session_length": 5, "arrivals": {"rate": "6/min"}}
CLOSED = {"name": "stay", "session_length": 5, "arrivals": {"model": "closed"}}


def scenario(*stages: dict[str, Any]) -> Scenario:
    """A scenario of an open profile, 0.1/s a stream, and a closed one."""
    named = [{"name": f"stage {number}", **stage} for number, stage in enumerate(stages, start=1)]
    return Scenario.model_validate({"name": "s", "stages": named, "profiles": {"talk": OPEN, "stay": CLOSED}})


def stage(duration: float, talk: float, stay: float, ramp: float = 0.0) -> dict[str, Any]:
    """A stage with `talk` arrivals a minute and `stay` persons."""
    return {"duration": duration, "ramp": ramp, "load": {"talk": f"{talk:f}/min", "stay": stay}}


UP_AND_DOWN = scenario(stage(100, 60, 4, ramp=50), stage(50, 60, 8), stage(40, 12, 0, ramp=20))


@pytest.mark.parametrize(
    ("t", "talk", "stay"),
    [
        (0, 0.0, 0.0),
        (25, 0.5, 2.0),
        (50, 1.0, 4.0),
        (99.9, 1.0, 4.0),
        (100, 1.0, 8.0),
        (150, 1.0, 8.0),
        (160, 0.6, 4.0),
        (170, 0.2, 0.0),
        (189, 0.2, 0.0),
        (190, 0.2, 0.0),
        (1e6, 0.2, 0.0),
    ],
)
def test_load_follows_the_stages(t: float, talk: float, stay: float) -> None:
    """Straight lines during ramps, from the load before; level otherwise; the last stage's load stays."""
    plan = LoadPlan(UP_AND_DOWN)
    assert (plan.load("talk", t), plan.load("stay", t)) == pytest.approx((talk, stay))


_LOADS = st.floats(0, 1000)
_STAGES = st.lists(st.builds(stage, st.floats(1, 500), _LOADS, _LOADS, ramp=st.floats(0, 1)), min_size=1, max_size=5)


@given(_STAGES, st.floats(0, 3000))
def test_the_total_is_the_integral_of_the_load(stages: list[dict[str, Any]], end: float) -> None:
    """Between two corners the load is a straight line, so its area is that at the middle times the length."""
    plan = LoadPlan(scenario(*stages), scale=1.5)
    corners, start = [0.0, end], 0.0
    for one in stages:
        corners += [min(start + one["ramp"], end), min(start + one["duration"], end)]
        start += one["duration"]
    for profile in ("talk", "stay"):
        areas = [(high - low) * plan.load(profile, (low + high) / 2) for low, high in pairwise(sorted(corners))]
        assert plan.total(profile, end) == pytest.approx(sum(areas), rel=1e-6, abs=1e-6)


def test_profile_that_a_stage_does_not_name_has_no_load_there() -> None:
    """A stage's mix is all there is."""
    plan = LoadPlan(scenario(stage(10, 60, 4), {"duration": 10, "load": {"talk": "60/min"}}))
    assert (plan.load("stay", 9), plan.load("stay", 11), plan.users("stay", 11)) == (4.0, 0.0, 0)


@pytest.mark.parametrize(
    ("t", "talk", "stay"), [(0, 0, 0), (1, 1, 1), (25, 5, 2), (50, 10, 4), (100, 10, 8), (170, 2, 0)]
)
def test_users_cover_the_load(t: float, talk: int, stay: int) -> None:
    """As many streams and persons as the load needs, rounded up."""
    assert LoadPlan(UP_AND_DOWN).all_users(t) == {"talk": talk, "stay": stay}


@pytest.mark.parametrize("per_minute", [1, 7, 23, 31, 60, 62, 124, 6000])
def test_binary_fractions_make_no_extra_user(per_minute: int) -> None:
    """N streams of one a minute make N a minute."""
    found = Scenario.model_validate(
        {
            "name": "s",
            "stages": [{"duration": 10, "load": {"talk": f"{per_minute}/min"}}],
            "profiles": {"talk": {**OPEN, "arrivals": {"rate": "1/min"}}},
        }
    )
    assert LoadPlan(found).peak_users() == per_minute


def test_peaks() -> None:
    """The highest load of each profile, and the highest number of users, ramps' ends included."""
    plan = LoadPlan(UP_AND_DOWN, scale=2.0)
    assert (plan.peak("talk"), plan.peak("stay")) == pytest.approx((2.0, 16.0))
    assert plan.peak_users() == 36


@pytest.mark.parametrize(
    ("t", "name"),
    [(0, "stage 1"), (99.9, "stage 1"), (100, "stage 2"), (150, "stage 3"), (189.9, "stage 3"), (190, ""), (1e6, "")],
)
def test_stage_is_named(t: float, name: str) -> None:
    """A stage goes from its beginning up to, but not including, the next one's; after the last there is none."""
    assert LoadPlan(UP_AND_DOWN).stage(t) == name


def test_no_load_needs_no_user() -> None:
    """A scenario that lets nobody in has no users; scaling it to some is the user's mistake."""
    nobody = scenario(stage(10, 0, 0))
    assert LoadPlan(nobody).peak_users() == 0
    with pytest.raises(InputError, match="--users: the scenario 's' has no load"):
        LoadPlan.for_users(nobody, 5)


LOADS = st.floats(0, 500).map(lambda load: round(load, 3))
STAGES = st.builds(
    lambda duration, talk, stay, ramp: stage(duration, talk, stay, ramp * duration),
    st.integers(1, 1000),
    LOADS,
    LOADS,
    st.sampled_from([0.0, 0.25, 1.0]),
)
PLANS = st.builds(
    lambda stages, scale: LoadPlan(scenario(*stages), scale), st.lists(STAGES, min_size=1, max_size=4), LOADS
)
SHARES = st.floats(0, 1.2)


@given(PLANS, SHARES)
def test_stream_rates_add_up_to_the_load(plan: LoadPlan, share: float) -> None:
    """Rounding up the streams does not change the load: their rates are made exact."""
    t = share * plan.scenario.duration
    streams, load = plan.users("talk", t), plan.load("talk", t)
    assert streams * plan.stream_rate("talk", t) == pytest.approx(load, abs=1e-9)


@given(PLANS, SHARES)
def test_stream_rate_is_bounded(plan: LoadPlan, share: float) -> None:
    """No stream has to give more than what its profile says (but for the hair that saves a stream)."""
    t = share * plan.scenario.duration
    assert 0 <= plan.stream_rate("talk", t) <= plan.stream_peak("talk") * (1 + 1e-8)
    assert plan.stream_peak("talk") == pytest.approx(0.1)


@given(PLANS, SHARES)
def test_peaks_are_bounds(plan: LoadPlan, share: float) -> None:
    """At no time are load and users above their peaks."""
    t = share * plan.scenario.duration
    assert plan.load("talk", t) <= plan.peak("talk") * (1 + 1e-12)
    assert sum(plan.all_users(t).values()) <= plan.peak_users()


def times(plan: LoadPlan) -> Iterator[float]:
    """Some moments of the run."""
    return (plan.scenario.duration * step / 20 for step in range(21))


@pytest.mark.parametrize("users", [1, 2, 7, 60, 1000])
@pytest.mark.parametrize("file", SHIPPED, ids=lambda file: file.stem)
def test_scaling_keeps_the_mix(file: Path, users: int) -> None:
    """-u multiplies the load of each profile by the same factor, at each moment."""
    found = load_scenario(file, (PROFILES,))
    whole, scaled = LoadPlan(found), LoadPlan.for_users(found, users)
    for t in times(whole):
        for name in found.profiles:
            assert scaled.load(name, t) == pytest.approx(scaled.scale * whole.load(name, t))


@pytest.mark.parametrize("users", [1, 2, 7, 60, 1000])
@pytest.mark.parametrize("file", SHIPPED, ids=lambda file: file.stem)
def test_scaling_comes_near_to_the_users_asked_for(file: Path, users: int) -> None:
    """The peak is what -u says, but for rounding up once a profile."""
    found = load_scenario(file, (PROFILES,))
    plan = LoadPlan.for_users(found, users)
    assert users - len(found.profiles) <= plan.peak_users() <= users + len(found.profiles)


@pytest.mark.parametrize("file", SHIPPED, ids=lambda file: file.stem)
def test_scenario_is_not_scaled_by_its_own_number_of_users(file: Path) -> None:
    """-u with the scenario's own peak is the scenario as it stands."""
    found = load_scenario(file, (PROFILES,))
    assert math.isclose(LoadPlan.for_users(found, LoadPlan(found).peak_users()).scale, 1.0)
