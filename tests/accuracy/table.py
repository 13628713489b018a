"""Writes the table of `make accuracy` into docs/capacity.md."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from pathlib import Path

from tests.document import write_between

from .result import Result

DOCUMENT = Path(__file__).parents[2] / "docs" / "capacity.md"
BEGINS, ENDS = "<!-- accuracy: written by make accuracy -->", "<!-- accuracy ends -->"


def rows(results: Sequence[Result]) -> list[str]:
    """Returns the table, line by line."""
    lines = [
        "| arrivals | timeout | retries | limit, 1st → 2nd hour | leaks, 1st → 2nd hour | predicted | measured (hours) | error |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for result in results:
        seen, case, told = result.case.seen, result.case, result.foreseen
        lines.append(
            f"| {seen.arrivals:g}/min | {seen.idle_timeout} s | {seen.retries} | {seen.limit} → {case.limit} |"
            f" {seen.leak_share:.0%} → {case.leak_share:.0%} | {told.share:.2%} ({told.low:.1%} to {told.high:.1%}) |"
            f" {result.came:.2%} ({result.hours}) | {100 * result.error:+.2f} |"
        )
    errors = [abs(result.error) for result in results]
    lines += [
        "",
        f"Mean absolute error: {100 * statistics.fmean(errors):.2f} percentage points; largest: {100 * max(errors):.2f}.",
    ]
    return lines


def write(results: Sequence[Result]) -> None:
    """Replaces the table in the document, between its markers."""
    write_between(DOCUMENT, BEGINS, ENDS, rows(results))
