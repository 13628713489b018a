"""The order of rows in the log changes nothing: workers' rows come in any order."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from loadtests.defects.catalogue import parse_defects
from loadtests.model.log.record import Row
from loadtests.model.run.plan import LoadPlan
from loadtests.model.session.ending import DrainBounds
from loadtests.recording.recorder import Recorder
from loadtests.scenarios.catalogue import named_scenario
from loadtests.simulation.simulator import Simulator
from reports.build import judge_run, plain
from tests.examples import examples
from tests.golden.story import Story

DEFECTS = ("flaky=0.05", "lost-answer=0.1", "ghost-on-stop=0.1", "slot-lag=0.7", "early-reap=0.5")
"""So that every kind of row occurs, and most checks have something to say."""


class _Kept(Recorder):
    """A recorder that keeps its rows."""

    def __init__(self, folder: Path, profiles: Any) -> None:
        super().__init__(folder, profiles)
        self.kept: list[Row] = []
        self.append = self.kept.append


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory) -> list[Row]:
    """A simulated run against an API that goes wrong in many ways."""
    scenario = named_scenario("smoke")
    recorder = _Kept(tmp_path_factory.mktemp("rows"), scenario.profiles)
    simulator = Simulator(LoadPlan(scenario), scenario.limit, 3, recorder, parse_defects(DEFECTS))
    simulator.run(scenario.duration, DrainBounds(scenario.observe, scenario.tolerance, scenario.poll, scenario.timeout))
    return recorder.kept


def _summary(rows: list[Row], folder: Path) -> Any:
    scenario = named_scenario("smoke")
    story = Story()
    story.rows = rows
    told = {"scenario": scenario, "people": scenario.profiles, "limit": scenario.limit, "started_unix": 0.0}
    return plain(judge_run(story.write(folder / "run", **told, tolerance=0.5, poll=0.25)).summary)


@settings(max_examples=examples(4), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 2**32))
def test_the_order_of_rows_changes_nothing(
    rows: list[Row], tmp_path_factory: pytest.TempPathFactory, seed: int
) -> None:
    """The whole of summary.json, findings and their sessions with it, from rows in any order."""
    folder = tmp_path_factory.mktemp("order")
    shuffled = rows.copy()
    random.Random(seed).shuffle(shuffled)
    straight = _summary(rows, folder / "a")
    assert _summary(shuffled, folder / "b") == straight
    assert len(straight["findings"]) > 5
