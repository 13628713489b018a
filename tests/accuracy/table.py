"""The table of `make accuracy`, and its place in the docs."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from pathlib import Path

from .result import Result

DOCUMENT = Path(__file__).parents[2] / "docs" / "capacity.md"
BEGINS, ENDS = "<!-- accuracy: written by make accuracy -->", "<!-- accuracy ends -->"


def rows(results: Sequence[Result]) -> list[str]:
    """The table."""
    said = [
        "| arrivals | timeout | retries | limit seen → foreseen | leaks seen → foreseen | foreseen | came (hours) | error |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for result in results:
        seen, case, told = result.case.seen, result.case, result.foreseen
        said.append(
            f"| {seen.arrivals:g}/min | {seen.idle_timeout} s | {seen.retries} | {seen.limit} → {case.limit} |"
            f" {seen.leak_share:.0%} → {case.leak_share:.0%} | {told.share:.2%} ({told.low:.1%} to {told.high:.1%}) |"
            f" {result.came:.2%} ({result.hours}) | {100 * result.error:+.2f} |"
        )
    errors = [abs(result.error) for result in results]
    said += [
        "",
        f"Mean absolute error {100 * statistics.fmean(errors):.2f} percentage points, the largest {100 * max(errors):.2f}.",
    ]
    return said


def write(results: Sequence[Result]) -> None:
    """Put it in its place."""
    text = DOCUMENT.read_text(encoding="utf-8")
    before, _, rest = text.partition(BEGINS)
    _, _, after = rest.partition(ENDS)
    DOCUMENT.write_text("\n".join([before + BEGINS, "", *rows(results), "", ENDS + after]), encoding="utf-8")
