"""`streamsoak simulate`."""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import TYPE_CHECKING

from loadtests.model.text.input_error import InputError

if TYPE_CHECKING:
    from loadtests.defects.defect import Injected
    from loadtests.model.run.scenario import Scenario
    from loadtests.simulation.simulator import SimulationResult

HELP = "A scenario in virtual time: the same people, the same rules, the same log and report; hours in seconds."


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    from loadtests.cli.sandbox import add_defects

    parser.add_argument("scenario", metavar="SCENARIO", help="a scenario's name or file")
    parser.add_argument("--duration", metavar="12h", help="of the load; the last stage is held (default: the stages')")
    parser.add_argument("--limit", type=int, metavar="N", help="the account's limit (default: the scenario's)")
    parser.add_argument("--seed", type=int, metavar="N", help="of everything random (default: the scenario's)")
    parser.add_argument(
        "--run-dir", type=Path, default=Path("runs"), help="where the run gets its directory (default: runs)"
    )
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="change a value of the scenario, for example profiles.leaky.idle_timeout=30 (repeatable)",
    )
    add_defects(parser)


def run(arguments: argparse.Namespace) -> int:
    """Simulate, and build the report."""
    from loadtests.defects.account import check_fit
    from loadtests.defects.catalogue import parse_defects
    from loadtests.model.api.rules import Terms
    from loadtests.model.run.plan import LoadPlan
    from loadtests.model.session.ending import DrainBounds
    from loadtests.recording.recorder import LARGE_BATCH_ROWS, Recorder
    from loadtests.recording.run_directory import new_folder
    from loadtests.scenarios.catalogue import named_scenario
    from loadtests.simulation.simulator import Simulator
    from reports.build import PAGE, build_report

    scenario = named_scenario(arguments.scenario, changes_of(arguments.set))
    duration = _duration(arguments.duration) or scenario.duration
    limit = arguments.limit if arguments.limit is not None else scenario.limit
    if limit is not None and limit < 1:
        raise InputError.of("--limit", f"must be 1 or more (is {limit})")
    seed = arguments.seed if arguments.seed is not None else scenario.seed
    defects = parse_defects(arguments.defect)
    check_fit(Terms(limit), defects)
    folder = new_folder(arguments.run_dir, f"{scenario.name}-simulated")
    recorder = Recorder(folder, scenario.profiles, batch_rows=LARGE_BATCH_ROWS)
    began = time.perf_counter()
    simulator = Simulator(LoadPlan(scenario), limit, seed, recorder, defects)
    came_to = simulator.run(
        duration, DrainBounds(scenario.observe, scenario.tolerance, scenario.poll, scenario.timeout)
    )
    recorder.close()
    took = time.perf_counter() - began
    _write_manifest(folder, scenario, limit, seed, came_to, recorder.lost, defects)
    analysis = build_report(folder)
    print(f"{duration:g} s of load in {took:.1f} s: {recorder.written} events; {came_to.drained}")
    print(analysis.verdict.sentence)
    print(f"Report: {(folder / PAGE).resolve()}")
    return 0


def _write_manifest(
    folder: Path,
    scenario: Scenario,
    limit: int | None,
    seed: int,
    came_to: SimulationResult,
    lost: int,
    defects: tuple[Injected, ...],
) -> None:
    from loadtests.model.run.end_reason import TIME_OVER
    from loadtests.model.run.manifest import Manifest, write_manifest
    from loadtests.recording.run_directory import software

    manifest = Manifest(
        run=folder.name,
        host="none: simulated",
        sandbox=True,
        simulated=True,
        started_unix=0.0,
        seed=seed,
        defects_injected=tuple(map(str, defects)),
        limit=limit,
        observe=scenario.observe,
        poll=scenario.poll,
        tolerance=scenario.tolerance,
        people=scenario.profiles,
        scenario=scenario,
        software=software(),
        load_ended=came_to.load_ended,
        ended=came_to.ended,
        end_reason=TIME_OVER,
        left_open=came_to.drained.left,
        lost_events=lost,
    )
    write_manifest(folder, manifest)


def changes_of(texts: list[str]) -> dict[str, str]:
    """The changes that --set asks for, by dotted path; raises InputError."""
    changes = {}
    for text in texts:
        key, equals, value = text.partition("=")
        if not equals or not key:
            raise InputError.of("--set", f"must be KEY=VALUE, for example limit=10 (is {text!r})")
        changes[key] = value
    return changes


def _duration(text: str | None) -> float | None:
    from loadtests.model.text.units import parse_duration

    if text is None:
        return None
    try:
        seconds = parse_duration(float(text) if text.replace(".", "", 1).isdigit() else text)
    except ValueError as error:
        raise InputError.of("--duration", f"{error} (is {text!r})") from None
    if seconds <= 0:
        raise InputError.of("--duration", f"must be more than 0 (is {text!r})")
    return seconds
