"""Virtual time: reproducible, in agreement with theory, and with a live run of the same scenario."""

from __future__ import annotations

import math
import statistics
from pathlib import Path
from typing import Any

import pytest

from loadtests.model.log.record import Row
from loadtests.model.maths.erlang import erlang_b
from loadtests.model.people.profile import build_profile
from loadtests.model.run.plan import LoadPlan
from loadtests.model.run.scenario import Scenario, load_scenario
from loadtests.model.session.ending import DrainBounds
from loadtests.recording.recorder import Recorder
from loadtests.scenarios.catalogue import folders
from loadtests.simulation.manifest import write_simulated_manifest
from loadtests.simulation.simulator import SimulationResult, Simulator
from reports.build import judge_run

from .locust_run import SCENARIOS, Finished

EVERY_WAY = SCENARIOS / "every-way.toml"


class _Kept(Recorder):
    """A recorder that keeps its rows too."""

    def __init__(self, folder: Path, profiles: Any) -> None:
        super().__init__(folder, profiles)
        self.kept: list[Row] = []
        append = self.append

        def both(row: Row) -> None:
            self.kept.append(row)
            append(row)

        self.append = both


def _simulate(
    scenario: Scenario, folder: Path, seed: int, limit: int | None = None, duration: float | None = None
) -> tuple[SimulationResult, list[Row]]:
    folder.mkdir(exist_ok=True)
    recorder = _Kept(folder, scenario.profiles)
    simulator = Simulator(LoadPlan(scenario), limit or scenario.limit, seed, recorder)
    bounds = DrainBounds(scenario.observe, scenario.tolerance, scenario.poll, scenario.timeout)
    simulated = simulator.run(duration or scenario.duration, bounds)
    recorder.close()
    return simulated, recorder.kept


def simulated_rows(scenario: Scenario, folder: Path, seed: int) -> list[Row]:
    """The rows of one simulated run."""
    return _simulate(scenario, folder, seed)[1]


def test_equal_seeds_give_equal_rows(tmp_path: Path) -> None:
    """Row by row; another seed gives others."""
    scenario = load_scenario(EVERY_WAY, folders())
    first, again, other = (_simulate(scenario, tmp_path / str(n), seed)[1] for n, seed in enumerate((1, 1, 2)))
    assert first == again
    assert first != other


def test_nothing_is_left_open(tmp_path: Path) -> None:
    """A simulated run ends as a live one does."""
    scenario = load_scenario(EVERY_WAY, folders())
    simulated, _ = _simulate(scenario, tmp_path, 3)
    assert simulated.drained.left == 0
    assert simulated.drained.censored > 0


_HOLDING = {
    "constant": {"kind": "constant", "value": 100},
    "exponential": {"kind": "exponential", "mean": 100},
    "lognormal": {
        "kind": "lognormal",
        "median": 60,
        "p95": 60 * math.exp(1.6448536 * math.sqrt(2 * math.log(100 / 60))),
    },
}
"""Three distributions of holding times, each with a mean of 100 s."""


@pytest.mark.parametrize("holding", _HOLDING)
@pytest.mark.parametrize(("offered", "limit"), [(0.5, 2), (5.0, 6), (50.0, 52), (100.0, 98)])
def test_blocking_agrees_with_erlang_b(tmp_path: Path, holding: str, offered: float, limit: int) -> None:
    """Open model, no retries: the refused share of first attempts over eight seeds, against Erlang's B."""
    caller = build_profile(
        "test",
        {
            "name": "caller",
            "session_length": _HOLDING[holding],
            "idle_timeout": 3599,
            "turns": {"thinking": 3000, "words": 1},
            "calls": {"start": False},
        },
        tmp_path,
        (1, 3599),
    )
    stage = {"duration": 1, "load": {"caller": {"amount": offered / 100, "is_rate": True}}}
    scenario = Scenario.model_validate({"name": "erlang", "poll": 0, "stages": [stage], "profiles": {"caller": caller}})
    shares = []
    for seed in range(8):
        _, rows = _simulate(scenario, tmp_path / str(seed), seed, limit, duration=2000 + 100_000 / offered**0.75)
        refused = [row.outcome == "fail" for row in rows if row.kind == "new" and row.t > 2000e9]
        shares.append(sum(refused) / len(refused))
    error = statistics.stdev(shares) / math.sqrt(len(shares))
    # Of a t distribution with 7 degrees of freedom: 99.7 %. The seeds are fixed, so this never changes by itself.
    assert statistics.fmean(shares) == pytest.approx(erlang_b(offered, limit), abs=4.5 * error)
    assert error < 0.04


def test_a_live_run_lies_where_simulations_of_it_do(every_way: Finished, tmp_path: Path) -> None:
    """Opened, hits, leaks and slot-seconds of one live run lie within the range of 20 simulated seeds, a little widened."""
    scenario = load_scenario(EVERY_WAY, folders())
    live = _figures(every_way.folder)
    simulated = []
    for seed in range(100, 120):
        folder = tmp_path / f"seed-{seed}"
        came_to, _ = _simulate(scenario, folder, seed)
        write_simulated_manifest(folder, scenario, scenario.limit, seed, came_to)
        simulated.append(_figures(folder))
    for name, value in live.items():
        values = [figures[name] for figures in simulated]
        mean, spread = statistics.fmean(values), statistics.stdev(values)
        # Of a t distribution with 19 degrees of freedom, six figures at once: 99 %.
        assert value == pytest.approx(mean, abs=3.7 * spread + 1), name


@pytest.mark.parametrize(("cap", "lasts"), [({}, 3600.0), ({"session_cap": "none"}, 7200.0)])
def test_a_simulated_session_is_closed_at_the_cap(tmp_path: Path, cap: dict[str, str], lasts: float) -> None:
    """After an hour, as at the real API, whatever the person does; without a cap when the person leaves."""
    profile = {"name": "long", "session_length": "2h", "idle_timeout": 3000, "turns": {"thinking": 600, "words": 1}}
    person = build_profile("test", {**profile, "arrivals": {"model": "closed", "pause": "10h"}}, tmp_path, (1, 3599))
    stage = {"duration": "3h", "load": {"long": {"amount": 1, "is_rate": False}}}
    scenario = Scenario.model_validate({"name": "cap", "stages": [stage], "profiles": {"long": person}, **cap})
    _, rows = _simulate(scenario, tmp_path / "run", 1)
    (opened,) = (row.t for row in rows if row.kind == "new")
    (ended,) = (row.t for row in rows if row.kind == "vanished")
    assert (ended - opened) / 1e9 == pytest.approx(lasts, abs=5)


def _figures(folder: Path) -> dict[str, float]:
    summary = judge_run(folder).summary
    return {
        "opened": summary["sessions"]["opened"],
        "closed": summary["sessions"]["fates"]["closed"],
        "leaked": summary["sessions"]["leaked"],
        "hits": summary["concurrency_hits"]["count"],
        "slot seconds": sum(summary["slot_seconds"].values()),
        "leaked slot seconds": summary["slot_seconds"]["leaked"],
    }
