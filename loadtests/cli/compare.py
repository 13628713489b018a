"""`streamsoak compare`."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from loadtests.model.text.input_error import InputError

if TYPE_CHECKING:
    from reports.compare.comparison import Comparison

HELP = "A run beside its base: what changed, and is it more than noise? Exit code 0 no regression, 1 regression, 2 unknown."

_STYLES = {"regression": "bold red", "worse": "yellow", "better": "green", "changed": "blue", "unknown": "yellow"}
_RESULTS = {"pass": "green", "fail": "bold red", "unknown": "yellow"}
_MOST_DIFFERENCES = 5


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("base", type=Path, metavar="BASE", help="the directory of the run to compare with")
    parser.add_argument(
        "run", type=Path, metavar="RUN", help="the run's directory; compare.html and compare.md go there"
    )
    parser.add_argument("--force", action="store_true", help="compare what differs in scenario, too")
    parser.add_argument("--seed", type=int, default=1, metavar="N", help="of the resampling (default: %(default)s)")


def run(arguments: argparse.Namespace) -> int:
    """Compare, write the page, and say what was found."""
    from loadtests.cli.check import exit_code
    from reports.compare.build import PAGE, write_comparison
    from reports.compare.comparison import compare_runs

    _check(arguments)
    comparison = compare_runs(arguments.base, arguments.run, arguments.seed)
    write_comparison(arguments.run, comparison)
    _show(comparison)
    print(f"Page: {(arguments.run / PAGE).resolve()}")
    return exit_code(comparison.result)


def _check(arguments: argparse.Namespace) -> None:
    from loadtests.model.run.manifest import read_manifest
    from reports.compare.conditions import differences

    if arguments.seed < 0:
        raise InputError.of("--seed", f"must be 0 or more (is {arguments.seed})")
    manifests = [read_manifest(folder) for folder in (arguments.base, arguments.run)]
    for folder, manifest in zip((arguments.base, arguments.run), manifests, strict=True):
        if manifest.audit:
            raise InputError.of(folder, "is an audit: there is no load in it to compare")
    told = differences(*manifests)
    if told and not arguments.force:
        more = len(told) - _MOST_DIFFERENCES
        said = "; ".join(told[:_MOST_DIFFERENCES]) + (f"; and {more} more" if more > 0 else "")
        raise InputError.of(
            arguments.run,
            f"was not made under the conditions of {arguments.base} ({said}); --force compares them all the same",
        )


def _show(comparison: Comparison) -> None:
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    from reports.compare.wording import said, said_change, said_interval

    console = Console(highlight=False)
    table = Table("figure", "base", "run", "change", "95 % interval of the change", "")
    told = [change for change in comparison.changes if change.judged != "noise"]
    for change in told:
        style = _STYLES.get(change.judged, "dim")
        judged = f"{change.judged}: {change.why}" if change.why else change.judged
        figures = (said(change, change.base), said(change, change.run), said_change(change), said_interval(change))
        table.add_row(change.figure, *figures, f"[{style}]{escape(judged)}[/]")
    if told:
        console.print(table)
    if rest := len(comparison.changes) - len(told):
        console.print(f"{rest} figures changed by no more than noise.")
    for difference in comparison.differences:
        console.print(f"[yellow]other conditions[/] {escape(difference)}", soft_wrap=True)
    console.print(
        f"[{_RESULTS[comparison.result]}]{comparison.result}[/] {escape(comparison.sentence)}", soft_wrap=True
    )
