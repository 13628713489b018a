"""What a plan foresaw, and what came."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path

from reports.plan.prediction.expected import Changes, Expected, expect
from reports.plan.source import read_source

from .cases import Case
from .hours import expected_share, recorded

REPLAYS = 40
SEEDS = 50
WITHIN, ON_AVERAGE = 0.02, 0.01
"""How far off a plan may be, as a share of first attempts: each, and their mean."""


@dataclass(frozen=True)
class Result:
    """One case."""

    case: Case
    foreseen: Expected
    came: float
    """Refused first attempts, the mean over many hours."""
    hours: int
    """So many."""

    @property
    def error(self) -> float:
        """Foreseen − came."""
        return self.foreseen.share - self.came


def foresee(case: Case, replays: int = REPLAYS) -> Expected:
    """One hour is seen; returns what is foreseen from it."""
    with tempfile.TemporaryDirectory() as folder:
        source = read_source(recorded(case.seen.scenario, case.seed, Path(folder) / "seen"))
    assert source.population is not None
    changes = Changes(limit=case.limit, leak_share=case.leak_share)
    return expect(source.population, case.limit, changes, case.seed, replays)


def carry_out(case: Case, seeds: int = SEEDS, replays: int = REPLAYS) -> Result:
    """One hour is seen; what is foreseen from it is set beside so many hours of the other kind."""
    foreseen = foresee(case, replays)
    return Result(case, foreseen, expected_share(case.foreseen.scenario, seeds), seeds)
