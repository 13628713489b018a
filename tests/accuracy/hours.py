"""Simulated hours: one that leaves a run's directory, and many of which only the refusals are counted."""

from __future__ import annotations

import statistics
from pathlib import Path

from loadtests.model.log.record import Row
from loadtests.model.run.manifest import Manifest
from loadtests.model.run.plan import LoadPlan
from loadtests.model.run.scenario import Scenario
from loadtests.model.session.ending import DrainBounds
from loadtests.recording.recorder import Recorder
from loadtests.recording.run_directory import write_manifest
from loadtests.simulation.simulator import Simulator


class Refusals:
    """A log that counts first attempts, and keeps nothing else."""

    def __init__(self) -> None:
        self.first = 0
        self.refused = 0
        self._asked: set[int] = set()

    def append(self, row: Row) -> None:
        """Only `new` counts."""
        if row.kind != "new" or row.session in self._asked:
            return
        self._asked.add(row.session)
        self.first += 1
        self.refused += row.outcome != "ok"

    def flush_if_full(self) -> None:
        """Nothing is written."""

    flush = flush_if_full

    @property
    def share(self) -> float:
        """Refused first attempts."""
        return self.refused / self.first


def refused_share(scenario: Scenario, seed: int) -> float:
    """Of first attempts, in one hour."""
    refusals = Refusals()
    simulator = Simulator(LoadPlan(scenario), scenario.limit, seed, refusals)
    simulator.run(scenario.duration, DrainBounds(0.0, scenario.tolerance, 0.0, scenario.timeout))
    return refusals.share


def expected_share(scenario: Scenario, seeds: int) -> float:
    """The mean over so many hours."""
    return statistics.fmean(refused_share(scenario, seed) for seed in range(1001, 1001 + seeds))


def recorded(scenario: Scenario, seed: int, folder: Path) -> Path:
    """A run's directory of one hour."""
    folder.mkdir(parents=True)
    recorder = Recorder(folder, scenario.profiles)
    simulator = Simulator(LoadPlan(scenario), scenario.limit, seed, recorder)
    bounds = DrainBounds(scenario.observe, scenario.tolerance, scenario.poll, scenario.timeout)
    came_to = simulator.run(scenario.duration, bounds)
    recorder.close()
    write_manifest(
        folder,
        Manifest(
            run=folder.name,
            host="none: simulated",
            sandbox=True,
            simulated=True,
            started_unix=0.0,
            seed=seed,
            limit=scenario.limit,
            observe=scenario.observe,
            poll=scenario.poll,
            tolerance=scenario.tolerance,
            people=scenario.profiles,
            scenario=scenario,
            software={},
            load_ended=came_to.load_ended,
            ended=came_to.ended,
            left_open=came_to.drained.left,
        ),
    )
    return folder
