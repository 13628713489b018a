"""A run cut into stretches of one load each: what is compared with theory is a steady load, not a mean over a ramp."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

from loadtests.model.run.manifest import Manifest

CELLS_OF_A_RAMP = 10
WHOLE = "the whole load"


@dataclass(frozen=True)
class Stretch:
    """One load; seconds of its run."""

    run: str
    name: str
    low: float
    high: float
    cells: tuple[float, ...]
    """Its edges, and where its ramp is cut: within a cell the load counts as steady."""

    @property
    def seconds(self) -> float:
        """How long it lasts."""
        return self.high - self.low


def stretches_of(manifest: Manifest, log_end: float) -> list[Stretch]:
    """The stages of the run's scenario, as far as the load went; one stretch where there is no scenario."""
    end = manifest.load_ended if manifest.load_ended is not None else log_end
    if manifest.scenario is None or manifest.audit:
        return [Stretch(manifest.run, WHOLE, 0.0, end, (0.0, end))] if end else []
    found, low = [], 0.0
    stages = manifest.scenario.stages
    for number, stage in enumerate(stages, 1):
        # The last stage is held for as long as the load lasts.
        high = end if number == len(stages) else min(low + stage.duration, end)
        if high <= low:
            break
        cells = [low + stage.ramp * n / CELLS_OF_A_RAMP for n in range(CELLS_OF_A_RAMP + 1)] if stage.ramp else [low]
        inner = [cell for cell in cells if cell < high]
        name = stage.name or (WHOLE if len(stages) == 1 else f"stage {number}")
        found.append(Stretch(manifest.run, name, low, high, (*inner, high)))
        low = high
    return found


def cells_of(stretches: list[Stretch]) -> list[tuple[float, float]]:
    """All cells of all stretches of a run, in the order of time."""
    return [cell for stretch in stretches for cell in pairwise(stretch.cells)]
