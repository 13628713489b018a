"""The cells of the matrix: which defects, which seed, and whether what was found is what must be."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from loadtests.model.people.draw import Draw
from reports.build import judge_run
from reports.summary import Analysis

from .expected import COVERED, ELSEWHERE, EXPECTED, INSEPARABLE, Covered, Expected
from .runs import accusations, simulated


@dataclass(frozen=True)
class Cell:
    """One run."""

    defects: tuple[str, ...]
    """As NAME=VALUE; none: the API as documented."""
    seed: int
    api: str = ""
    """By its name; "": the default one."""

    @property
    def expected(self) -> list[Expected]:
        """What each defect must be found as."""
        return [ELSEWHERE.get(self.api, {}).get(name) or EXPECTED[name] for name in self.names]

    @property
    def covered(self) -> Covered | None:
        """What one of two defects may hide; None: nothing."""
        return COVERED.get(frozenset(self.names))

    @property
    def names(self) -> tuple[str, ...]:
        """The defects' names."""
        return tuple(defect.partition("=")[0] for defect in self.defects)


@dataclass(frozen=True)
class Result:
    """What a run came to."""

    cell: Cell
    summary: dict[str, Any]
    """As summary.json has it."""

    @property
    def findings(self) -> list[dict[str, Any]]:
        """What was found."""
        found: list[dict[str, Any]] = self.summary["findings"]
        return found

    @property
    def missing(self) -> set[str]:
        """Own findings of the defects that were not found, and that nothing hides."""
        covered = {self.cell.covered.finding} if self.cell.covered else set()
        return self.unfound - covered

    @property
    def unfound(self) -> set[str]:
        """Own findings of the defects that were not found."""
        found = {finding["name"] for finding in self.findings if finding["severity"] != "unknown"}
        return {one.finding for one in self.cell.expected} - found - {""}

    @property
    def surplus(self) -> set[str]:
        """Problems and accusations of the API that no defect of the cell accounts for, and checks that failed."""
        accounted = {name for one in self.cell.expected for name in (one.finding, *one.beside)}
        accounted |= set(self.cell.covered.beside) if self.cell.covered else set()
        failed = {finding["name"] for finding in self.findings if finding["severity"] == "unknown"}
        return accusations(self.findings) - accounted | failed

    @property
    def unexplained(self) -> set[str]:
        """Findings of refusals and ends for which no cause was found."""
        return {finding["name"] for finding in self.findings if finding["name"].startswith("unexplained-")}

    @property
    def certain_and_wrong(self) -> set[str]:
        """Findings that claim to be certain, and that no defect accounts for."""
        return {finding["name"] for finding in self.findings if finding["confidence"] == "certain"} & self.surplus

    @property
    def is_right(self) -> bool:
        """Each defect by its own name, and nothing else."""
        return not self.missing and not self.surplus


def carry_out(cell: Cell, root: Path, analyse: Callable[[Path], Analysis] = judge_run) -> Result:
    """The run of `cell`, in a directory of its own in `root`, analysed by `analyse`."""
    folder = root / "-".join((*cell.defects, "seed", str(cell.seed))).replace("=", "_")
    return Result(cell, simulated(cell.defects, cell.seed, folder, analyse, cell.api))


def alone(seeds: int) -> Iterator[Cell]:
    """No defect, then every defect at both strengths."""
    for defects in ((), *((f"{name}={strength}",) for name, one in EXPECTED.items() for strength in one.strengths)):
        for seed in range(1, seeds + 1):
            yield Cell(defects, seed)


def pairs() -> Iterator[Cell]:
    """Two defects at once: each pair that a log can tell apart, in an order that is always the same."""
    draw = Draw.of("pairs")
    every = [pair for pair in itertools.combinations(EXPECTED, 2) if not any(set(pair) <= kin for kin in INSEPARABLE)]
    for number in range(len(every)):
        pair = every.pop(int(draw.uniform() * len(every)))
        yield Cell(tuple(f"{name}={_strength(name, draw)}" for name in pair), number + 1)


def _strength(name: str, draw: Draw) -> str:
    expected = EXPECTED[name]
    drawn = expected.strengths[int(draw.uniform() * 2)]
    return expected.paired or drawn
