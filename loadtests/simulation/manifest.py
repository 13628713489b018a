"""The manifest of a simulated run."""

from __future__ import annotations

import time
from collections.abc import Iterable
from pathlib import Path

from loadtests.model.run.end_reason import TIME_OVER
from loadtests.model.run.manifest import Manifest
from loadtests.model.run.scenario import Scenario
from loadtests.recording.run_directory import software_versions, write_manifest
from loadtests.simulation.simulator import SimulationResult


def write_simulated_manifest(
    folder: Path,
    scenario: Scenario,
    limit: int | None,
    seed: int,
    simulated: SimulationResult,
    lost: int = 0,
    defects: Iterable[object] = (),
) -> None:
    """Writes the manifest of a simulation of `scenario` into the run directory `folder`.

    `lost`: events that could not be written; `defects`: those that were injected.
    """
    manifest = Manifest(
        run=folder.name,
        host="none: simulated",
        sandbox=True,
        simulated=True,
        started_unix=0.0,
        simulated_unix=time.time(),
        seed=seed,
        defects_injected=tuple(map(str, defects)),
        limit=limit,
        observe=scenario.observe,
        poll=scenario.poll,
        tolerance=scenario.tolerance,
        people=scenario.profiles,
        scenario=scenario,
        software=software_versions(),
        load_ended=simulated.load_ended,
        ended=simulated.ended,
        end_reason=TIME_OVER,
        left_open=simulated.drained.left,
        lost_events=lost,
    )
    write_manifest(folder, manifest)
