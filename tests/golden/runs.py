"""Runs of every kind for tests of pages: simulated in virtual time, or written by hand."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from loadtests.defects.catalogue import parse_defects
from loadtests.model.gates.gates import parse_gate
from loadtests.model.run.plan import LoadPlan
from loadtests.model.run.scenario import Scenario
from loadtests.model.session.ending import DrainBounds
from loadtests.recording.recorder import Recorder
from loadtests.scenarios.catalogue import named_scenario
from loadtests.simulation.manifest import write_simulated_manifest
from loadtests.simulation.simulator import Simulator

from .story import Story

Run = Callable[[Path], Path]
"""Writes a run into a directory."""


def simulated(
    name: str,
    *,
    seed: int = 1,
    limit: int | None = None,
    duration: float | None = None,
    defects: tuple[str, ...] = (),
    api: str = "",
) -> Run:
    """A run of a named scenario."""

    def write(folder: Path) -> Path:
        return simulate(named_scenario(name, api=api), folder, seed, limit, duration, defects)

    return write


def simulate(
    scenario: Scenario,
    folder: Path,
    seed: int,
    limit: int | None = None,
    duration: float | None = None,
    defects: tuple[str, ...] = (),
) -> Path:
    """Simulate into `folder`, with the scenario's limit and duration unless others are given."""
    folder.mkdir()
    limit = scenario.limit if limit is None else limit
    recorder = Recorder(folder, scenario.profiles)
    simulator = Simulator(LoadPlan(scenario), limit, seed, recorder, parse_defects(list(defects)))
    bounds = DrainBounds(scenario.observe, scenario.tolerance, scenario.poll, scenario.timeout)
    came_to = simulator.run(duration or scenario.duration, bounds)
    recorder.close()
    write_simulated_manifest(folder, scenario, limit, seed, came_to)
    return folder


def _zombie(folder: Path) -> Path:
    """One zombie holds a slot for three hours in which callers come."""
    caller = {
        "like": "interactive",
        "idle_timeout": 60,
        "session_length": {"kind": "exponential", "mean": 60, "at_most": 360},
        "turns": {"thinking": 30},
        "on_refusal": {"retries": 0},
    }
    zombie = {
        "idle_timeout": 600,
        "session_length": 120,
        "turns": {"thinking": 60},
        "arrivals": {"model": "closed", "pause": "20h"},
        "keep_alive": {"fraction": 0.5},
        "leaving": {"zombie": 1},
    }
    scenario = folder.parent / "three-hours.toml"
    scenario.write_text(_ZOMBIE.format(caller=_table(caller), zombie=_table(zombie)), encoding="utf-8")
    return simulate(named_scenario(str(scenario)), folder, 4)


_ZOMBIE = """
limit = 4
observe = 0
poll = 30
session_cap = "none"
stages = [{{ name = "steady", duration = "3h", load = {{ caller = "3/min", zombie = 1 }} }}]
[profiles]
caller = {caller}
zombie = {zombie}
"""


def _table(value: Any) -> str:
    """A value as TOML on one line."""
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{key} = {_table(item)}" for key, item in value.items()) + " }"
    return f'"{value}"' if isinstance(value, str) else str(value)


def _crowded() -> Story:
    """One slot of two is quiet, one leaked; two people are refused."""
    story = Story().opens(1, 1.0, 60.0).opens(2, 2.0, 20.0).listed(1, 1.5).listed(2, 2.5)
    story.note(1, "quiet", 10.0, 20.0).call(1, "keep_alive", 20.0, intended=19.9).note(1, "resume", 30.0)
    for person, t in ((3, 12.0), (4, 15.0)):
        story.note(person, "arrive", t, 50.0, "close").refused(person, t)
        story.note(person, "give-up", t + 0.1, 1, "concurrency-limit")
    story.leaves(2, 4.0, "abandon").vanishes(2, 21.5, 22.5).leaves(1, 40.0, "close").stops(1, 40.0)
    return story.vanishes(1, 39.5, 40.5).looks(45)


_GATES = (
    "keep_alive.margin.p1 < 1s",
    "latency.start.p99 < 1s",
    "latency.new.p95 drift < 10%/h",
    "sessions.leaked == 0",
)
_STAGE = {"name": "steady", "duration": 45, "load": {}}


def crowded(folder: Path, gates: tuple[str, ...], stall: float = 0.0) -> Path:
    """The run above with these gates; its generator stalled for so many seconds."""
    tables = {"name": "by-hand", "stages": [_STAGE], "profiles": {}, "gates": list(map(parse_gate, gates))}
    return _crowded().note(0, "loop", 30.0, stall).write(folder, scenario=Scenario.model_validate(tables))


def _doubtful(folder: Path) -> Path:
    """The generator stalled; each gate is inconclusive for a reason of its own."""
    return crowded(folder, _GATES, stall=5.0)


def _empty(folder: Path) -> Path:
    return Story().looks(5).write(folder)


def _without_limit(folder: Path) -> Path:
    return _crowded().write(folder, limit=None)


RUNS: dict[str, Run] = {
    "passed": simulated("smoke"),
    "short": simulated("smoke", duration=2.0),
    "leaking": simulated("demo"),
    "failing": simulated("demo", seed=2, limit=10),
    "replay-fails": simulated("demo", seed=3, limit=12, defects=("limit-short=2",)),
    "defects": simulated(
        "demo", seed=5, limit=12, defects=("ghost-on-stop=0.3", "lost-answer=0.2", "slot-lag=3", "flaky=0.05")
    ),
    "other-api": simulated("demo", api="d-id"),
    "zombie": _zombie,
    "doubtful": _doubtful,
    "without-limit": _without_limit,
    "empty": _empty,
}
"""By name."""
