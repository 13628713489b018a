"""Divides a run into phases of one load each, because theory holds for a steady load and not for the mean of a ramp."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

from loadtests.model.run.manifest import Manifest

INTERVALS_OF_A_RAMP = 10
WHOLE = "the whole load"


@dataclass(frozen=True)
class Phase:
    """One load of a run; times are seconds of the run."""

    run: str
    name: str
    low: float
    high: float
    cells: tuple[float, ...]
    """Bounds of its intervals of steady load: a ramp is divided into several."""

    @property
    def seconds(self) -> float:
        """Its duration."""
        return self.high - self.low


def phases_of(manifest: Manifest, log_end: float) -> list[Phase]:
    """Return the scenario's stages up to the end of the load; one phase if there is no scenario."""
    end = manifest.load_ended if manifest.load_ended is not None else log_end
    if manifest.scenario is None or manifest.audit:
        return [Phase(manifest.run, WHOLE, 0.0, end, (0.0, end))] if end else []
    found, low = [], 0.0
    stages = manifest.scenario.stages
    for number, stage in enumerate(stages, 1):
        # The last stage lasts until the load ends.
        high = end if number == len(stages) else min(low + stage.duration, end)
        if high <= low:
            break
        cells = (
            [low + stage.ramp * n / INTERVALS_OF_A_RAMP for n in range(INTERVALS_OF_A_RAMP + 1)]
            if stage.ramp
            else [low]
        )
        inner = [cell for cell in cells if cell < high]
        name = stage.name or (WHOLE if len(stages) == 1 else f"stage {number}")
        found.append(Phase(manifest.run, name, low, high, (*inner, high)))
        low = high
    return found


def steady_intervals(phases: list[Phase]) -> list[tuple[float, float]]:
    """Return all intervals of steady load of a run, in the order of time."""
    return [cell for phase in phases for cell in pairwise(phase.cells)]
