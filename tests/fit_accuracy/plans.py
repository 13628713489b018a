"""A plan from a log, and a plan from what is simulated of its fit."""

from __future__ import annotations

import statistics
import tempfile
from dataclasses import dataclass
from pathlib import Path

from loadtests.model.run.scenario import load_scenario
from loadtests.scenarios.catalogue import folders
from reports.fit.build import Targets, write_fit
from reports.fit.fitting import FitOptions, build_fit
from reports.plan.prediction.expected import Changes, expect
from reports.plan.source import read_source

from ..accuracy.hours import recorded

SCENARIO = Path(__file__).with_name("load.toml")
WITHIN = 0.01
"""How far apart the refusals of both plans may be, as a share of first attempts."""
REPLAYS = 20
SIMULATIONS = 4
"""Runs of the fitted scenario, whose plans are averaged: one alone differs by chance."""


@dataclass(frozen=True)
class Agreement:
    """Refused first attempts by both plans."""

    seed: int
    log: float
    fit: float
    kinds: int

    @property
    def difference(self) -> float:
        """Fit − log."""
        return self.fit - self.log


def agreement(seed: int, duration: str = "2h", simulations: int = SIMULATIONS) -> Agreement:
    """Simulates the load, and plans from its log and from its fit."""
    load = load_scenario(SCENARIO, folders(), {"stages.0.duration": f'"{duration}"'})
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        run = recorded(load, seed, folder / "log")
        fit = build_fit([run], FitOptions("mine", seed))
        profiles = folder / "profiles"
        written = profiles / "scenarios" / "mine-day.toml"
        write_fit(fit, Targets(profiles / "mine.toml", written, folder))
        fitted = load_scenario(written, (profiles,), {"poll": "1", "observe": "120"})
        runs = [recorded(fitted, 1000 * seed + n, folder / f"fit-{n}") for n in range(simulations)]
        shares = [_refused(each, seed) for each in runs]
        return Agreement(seed, _refused(run, seed), statistics.fmean(shares), len(fit.people))


def _refused(run: Path, seed: int) -> float:
    source = read_source(run)
    assert source.population is not None
    assert source.manifest.limit is not None
    return expect(source.population, source.manifest.limit, Changes(), seed, REPLAYS).share
