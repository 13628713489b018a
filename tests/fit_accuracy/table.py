"""Writes the tables of `make fit-accuracy` into docs/fit.md."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from pathlib import Path

from tests.document import write_between

from .days import Found
from .plans import Agreement

DOCUMENT = Path(__file__).parents[2] / "docs" / "fit.md"
BEGINS, ENDS = "<!-- accuracy: written by make fit-accuracy -->", "<!-- accuracy ends -->"


def covered(days: Sequence[Found]) -> dict[str, int]:
    """Returns by parameter in how many days it is within its interval."""
    return {
        name: sum(bool(day[name][1]) and day[name][1].holds(day[name][0]) for day in days)  # type: ignore[union-attr]
        for name in days[0]
    }


def rows(days: Sequence[Found], plans: Sequence[Agreement]) -> list[str]:
    """Returns the tables, line by line."""
    lines = [f"| parameter | value | mean estimate | within its interval, of {len(days)} days |", "|---|---|---|---|"]
    for name, count in covered(days).items():
        estimates = [estimate.value for day in days if (estimate := day[name][1])]
        mean = f"{statistics.fmean(estimates):.4g}" if estimates else "–"
        lines.append(f"| {name} | {days[0][name][0]:.4g} | {mean} | {count} |")
    lines += [
        "",
        "| load | kinds | refused, plan from the log | plan from the fit | difference |",
        "|---|---|---|---|---|",
    ]
    lines += [
        f"| seed {each.seed} | {each.kinds} | {each.log:.2%} | {each.fit:.2%} | {100 * each.difference:+.2f} |"
        for each in plans
    ]
    largest = max((abs(each.difference) for each in plans), default=0.0)
    lines += ["", f"Largest difference: {100 * largest:.2f} percentage points."]
    return lines


def write(lines: Sequence[str]) -> None:
    """Replaces the tables in the document, between their markers."""
    write_between(DOCUMENT, BEGINS, ENDS, lines)
