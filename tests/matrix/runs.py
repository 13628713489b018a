"""One run of the matrix: the scenario in virtual time, with defects, judged by the report."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from loadtests.defects.catalogue import parse_defects
from loadtests.model.run.plan import LoadPlan
from loadtests.model.run.scenario import Scenario, load_scenario
from loadtests.model.session.ending import DrainBounds
from loadtests.recording.recorder import LARGE_BATCH_ROWS, Recorder
from loadtests.scenarios.catalogue import folders, named_api
from loadtests.simulation.manifest import write_simulated_manifest
from loadtests.simulation.simulator import Simulator
from reports.build import judge_run
from reports.summary import Analysis

SCENARIO = Path(__file__).with_name("scenario.toml")


@cache
def scenario(api: str = "") -> Scenario:
    """The one that tells defects apart, at an API by its name, or at the default one."""
    return load_scenario(SCENARIO, folders(), api=named_api(api) if api else None)


def simulated(
    defects: Sequence[str], seed: int, folder: Path, analyse: Callable[[Path], Analysis] = judge_run, api: str = ""
) -> dict[str, Any]:
    """The summary of a run with `defects` at `api`, analysed by `analyse`."""
    plan = scenario(api)
    folder.mkdir(parents=True)
    recorder = Recorder(folder, plan.profiles, batch_rows=LARGE_BATCH_ROWS)
    simulator = Simulator(LoadPlan(plan), plan.limit, seed, recorder, parse_defects(defects))
    came_to = simulator.run(plan.duration, DrainBounds(plan.observe, plan.tolerance, plan.poll, plan.timeout))
    recorder.close()
    write_simulated_manifest(folder, plan, plan.limit, seed, came_to)
    return analyse(folder).summary


def accusations(findings: Sequence[dict[str, Any]]) -> set[str]:
    """The names of problems, and of findings of any severity that blame the API."""
    return problems(findings) | {finding["name"] for finding in findings if finding["owner"] == "API"}


def problems(findings: Sequence[dict[str, Any]]) -> set[str]:
    """The names of severity "problem"."""
    return {finding["name"] for finding in findings if finding["severity"] == "problem"}
