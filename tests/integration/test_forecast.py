"""The plan before the run agrees with runs."""

from __future__ import annotations

import statistics
from pathlib import Path

import pytest

from loadtests.model.run.plan import LoadPlan
from loadtests.model.run.scenario import Scenario
from loadtests.scenarios.catalogue import named_scenario
from loadtests.simulation.forecast import LONGEST_SECONDS, forecast

from .test_simulate import simulated_rows


def test_a_forecast_is_the_mean_of_many_runs(tmp_path: Path) -> None:
    """Sessions asked for and keep-alives sent, over 30 simulated runs without a limit, within a tenth."""
    scenario = named_scenario("demo")
    expected = forecast(LoadPlan(scenario), None, scenario.duration)
    asked, keep_alives, events = [], [], []
    for seed in range(30):
        rows = simulated_rows(scenario.model_copy(update={"limit": None}), tmp_path / str(seed), seed)
        load = [row for row in rows if row.t < scenario.duration * 1e9]
        asked.append(sum(row.kind == "new" for row in load))
        events.append(len(load))
        keep_alives.append(sum(row.kind == "keep_alive" for row in load))
    assert expected.arrivals == pytest.approx(statistics.fmean(asked), rel=0.1)
    width = scenario.duration / len(expected.seconds)
    assert expected.keep_alives.sum() * width == pytest.approx(statistics.fmean(keep_alives), rel=0.15)
    # Virtual time has no loop that is looked at each second.
    assert expected.events - scenario.duration == pytest.approx(statistics.fmean(events), rel=0.1)


@pytest.mark.parametrize("model", ["open", "closed"])
def test_a_stage_of_a_second_in_a_run_of_an_hour_counts(model: str) -> None:
    """It is shorter than a cell of the forecast."""
    load = {"open": "3000/min", "closed": 50}[model]
    stages = [
        {"duration": 1800.0, "load": {}},
        {"duration": 1.0, "load": {"one": load}},
        {"duration": 1800.0, "load": {}},
    ]
    one = {"name": "one", "session_length": 600, "arrivals": {"model": model}}
    spike = Scenario.model_validate({"name": "s", "stages": stages, "profiles": {"one": one}})
    expected = forecast(LoadPlan(spike), None, spike.duration)
    if model == "open":
        assert expected.arrivals == pytest.approx(50, rel=0.01)
        assert expected.peak(expected.live)[0] == pytest.approx(50, rel=0.05)
    else:
        # Persons of the closed model leave with their stage: fifty for one second.
        assert expected.session_minutes == pytest.approx(50 / 60, rel=0.05)


def test_refusals_grow_as_the_limit_shrinks() -> None:
    """None without a limit, some at the demo's, more at half of it."""
    plan = LoadPlan(named_scenario("demo"))
    refused = [forecast(plan, limit, 95.0).refused for limit in (None, 20, 10)]
    assert refused[0] == 0
    assert 0 < refused[1] < refused[2]


def test_a_run_of_weeks_is_foretold_by_its_first_days() -> None:
    """It goes on as it was then, and costs no more to foretell."""
    plan = LoadPlan(named_scenario("nightly-soak"))
    days, weeks = (forecast(plan, None, seconds) for seconds in (LONGEST_SECONDS, 10 * LONGEST_SECONDS))
    for figure in ("arrivals", "session_minutes", "events"):
        assert 9.5 < getattr(weeks, figure) / getattr(days, figure) < 11
    assert weeks.peak(weeks.live) == days.peak(days.live)
