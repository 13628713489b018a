"""`streamsoak simulate`."""

from __future__ import annotations

import argparse
import shutil
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from loadtests.cli.arguments import add_defects, add_run_dir, add_scenario, at_least, changes_of, duration
from loadtests.model.text.input_error import InputError

if TYPE_CHECKING:
    from loadtests.defects.defect import Injected
    from loadtests.model.run.plan import LoadPlan
    from loadtests.model.run.scenario import Scenario
    from loadtests.model.session.ending import DrainResult

HELP = (
    "Run a scenario in virtual time: same behaviour, event log and report as a live run, hours in seconds. Exit code"
    " 0 pass, 1 fail, 2 inconclusive."
)

_LONG_SECONDS = 86_400.0
"""A longer load is simulated only if its log, as far as the scenario's own length tells, fits on the disk."""


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    add_scenario(parser)
    about = "length of the load, for example 12h; the last stage is extended (default: the stages')"
    parser.add_argument("--duration", type=duration, metavar="TIME", help=about)
    parser.add_argument("--seed", type=int, metavar="N", help="random seed for the run (default: the scenario's)")
    add_run_dir(parser)
    add_defects(parser)


@dataclass(frozen=True)
class _Simulation:
    """What is simulated."""

    scenario: Scenario
    plan: LoadPlan
    seconds: float
    """Of load."""
    limit: int | None
    seed: int
    defects: tuple[Injected, ...]


def run(arguments: argparse.Namespace) -> int:
    """Simulate the scenario, build the report and print its path."""
    from loadtests.cli.check import exit_code
    from loadtests.cli.result import print_result
    from loadtests.cli.table import open_console
    from loadtests.cli.waiting import waiting
    from loadtests.model.run.plan import other_length
    from loadtests.model.text.units import format_duration
    from loadtests.recording.run_directory import new_folder
    from reports.build import PAGE, build_report

    simulation = _simulation(arguments)
    scenario, seconds = simulation.scenario, simulation.seconds
    _require_room(simulation, arguments.run_dir)
    if seconds != scenario.duration:
        print(other_length(scenario, seconds))
    folder = new_folder(arguments.run_dir, f"{scenario.name}-simulated")
    try:
        written, took, drained = _simulate(simulation, folder)
    except BaseException:
        # Half a simulation is worth nothing; it is made again in seconds.
        shutil.rmtree(folder, ignore_errors=True)
        raise
    with waiting("writing the report"):
        analysis = build_report(folder)
    print(f"{format_duration(seconds)} of load in {format_duration(took)}: {written:,} events; {drained}")
    print_result(open_console(), analysis, folder / PAGE)
    return exit_code(analysis.verdict.result)


def _simulation(arguments: argparse.Namespace) -> _Simulation:
    """Return what the arguments ask for. Raises InputError."""
    from loadtests.defects.account import check_fit
    from loadtests.defects.catalogue import parse_defects
    from loadtests.model.api.rules import Terms
    from loadtests.model.run.plan import LoadPlan
    from loadtests.scenarios.catalogue import named_scenario

    scenario = named_scenario(arguments.scenario, changes_of(arguments.set), arguments.api)
    if arguments.duration is not None and arguments.duration <= 0:
        raise InputError.of("--duration", f"must be more than 0 (is {arguments.duration:g})")
    limit = arguments.limit if arguments.limit is not None else scenario.limit
    at_least(1, "--limit", limit)
    at_least(0, "--seed", arguments.seed)
    seed = arguments.seed if arguments.seed is not None else scenario.seed
    defects = parse_defects(arguments.defect)
    check_fit(Terms(limit), defects)
    seconds = arguments.duration or scenario.duration
    return _Simulation(scenario, LoadPlan(scenario), seconds, limit, seed, defects)


def _require_room(simulation: _Simulation, run_dir: Path) -> None:
    """Raise InputError if the log of a long load would not fit on the disk."""
    from loadtests.recording.disk import DiskNeed
    from loadtests.simulation.forecast import forecast

    scenario = simulation.scenario
    if simulation.seconds > _LONG_SECONDS:
        expected = forecast(simulation.plan, simulation.limit, scenario.duration)
        times = simulation.seconds / scenario.duration
        DiskNeed.of(times * expected.events, times * expected.arrivals).require_room(run_dir, None)


def _simulate(simulation: _Simulation, folder: Path) -> tuple[int, float, DrainResult]:
    """Write the log into `folder`. Returns the number of events, the seconds that it took, and how the run ended."""
    from loadtests.cli.waiting import waiting
    from loadtests.model.session.ending import DrainBounds
    from loadtests.recording.recorder import LARGE_BATCH_ROWS, Recorder
    from loadtests.simulation.manifest import write_simulated_manifest
    from loadtests.simulation.simulator import Simulator

    scenario, seconds, limit, seed = simulation.scenario, simulation.seconds, simulation.limit, simulation.seed
    began = time.perf_counter()
    recorder = Recorder(folder, scenario.profiles, batch_rows=LARGE_BATCH_ROWS)
    simulator = Simulator(simulation.plan, limit, seed, recorder, simulation.defects)
    with waiting("simulating", lambda: simulator.now() / seconds):
        bounds = DrainBounds(scenario.observe, scenario.tolerance, scenario.poll, scenario.timeout)
        simulated = simulator.run(seconds, bounds)
        recorder.close()
    took = time.perf_counter() - began
    write_simulated_manifest(folder, scenario, limit, seed, simulated, recorder.lost, simulation.defects)
    return recorder.written, took, simulated.drained
