"""`streamsoak simulate`."""

from __future__ import annotations

import argparse
import shutil
import time

from loadtests.cli.arguments import add_defects, add_run_dir, add_scenario, at_least, changes_of, duration
from loadtests.model.text.input_error import InputError

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


def run(arguments: argparse.Namespace) -> int:
    """Simulate the scenario, build the report and print its path."""
    from loadtests.cli.check import exit_code
    from loadtests.cli.result import print_result
    from loadtests.cli.table import open_console
    from loadtests.cli.waiting import waiting
    from loadtests.defects.account import check_fit
    from loadtests.defects.catalogue import parse_defects
    from loadtests.model.api.rules import Terms
    from loadtests.model.run.plan import LoadPlan, other_length
    from loadtests.model.session.ending import DrainBounds
    from loadtests.model.text.units import format_duration
    from loadtests.recording.disk import DiskNeed
    from loadtests.recording.recorder import LARGE_BATCH_ROWS, Recorder
    from loadtests.recording.run_directory import new_folder
    from loadtests.scenarios.catalogue import named_scenario
    from loadtests.simulation.forecast import forecast
    from loadtests.simulation.manifest import write_simulated_manifest
    from loadtests.simulation.simulator import Simulator
    from reports.build import PAGE, build_report

    scenario = named_scenario(arguments.scenario, changes_of(arguments.set), arguments.api)
    if arguments.duration is not None and arguments.duration <= 0:
        raise InputError.of("--duration", f"must be more than 0 (is {arguments.duration:g})")
    lasts = arguments.duration or scenario.duration
    limit = arguments.limit if arguments.limit is not None else scenario.limit
    at_least(1, "--limit", limit)
    at_least(0, "--seed", arguments.seed)
    seed = arguments.seed if arguments.seed is not None else scenario.seed
    defects = parse_defects(arguments.defect)
    check_fit(Terms(limit), defects)
    plan = LoadPlan(scenario)
    if lasts > _LONG_SECONDS:
        expected = forecast(plan, limit, scenario.duration)
        times = lasts / scenario.duration
        DiskNeed.of(times * expected.events, times * expected.arrivals).require_room(arguments.run_dir, None)
    if lasts != scenario.duration:
        print(other_length(scenario, lasts))
    folder = new_folder(arguments.run_dir, f"{scenario.name}-simulated")
    began = time.perf_counter()
    try:
        recorder = Recorder(folder, scenario.profiles, batch_rows=LARGE_BATCH_ROWS)
        simulator = Simulator(plan, limit, seed, recorder, defects)
        with waiting("simulating", lambda: simulator.now() / lasts):
            bounds = DrainBounds(scenario.observe, scenario.tolerance, scenario.poll, scenario.timeout)
            simulated = simulator.run(lasts, bounds)
            recorder.close()
        took = time.perf_counter() - began
        write_simulated_manifest(folder, scenario, limit, seed, simulated, recorder.lost, defects)
    except BaseException:
        # Half a simulation is worth nothing; it is made again in seconds.
        shutil.rmtree(folder, ignore_errors=True)
        raise
    with waiting("writing the report"):
        analysis = build_report(folder)
    print(
        f"{format_duration(lasts)} of load in {format_duration(took)}: {recorder.written:,} events; {simulated.drained}"
    )
    print_result(open_console(), analysis, folder / PAGE)
    return exit_code(analysis.verdict.result)
