"""`streamsoak compare`."""

from __future__ import annotations

import argparse
import json
import math
from typing import TYPE_CHECKING, Any

from loadtests.cli.arguments import add_output, at_least, run_path
from loadtests.model.run.run_name import LATEST
from loadtests.model.text.input_error import EXIT_UNKNOWN, InputError
from loadtests.model.text.wording import count

if TYPE_CHECKING:
    from loadtests.model.run.manifest import Manifest
    from reports.compare.comparison import Comparison

HELP = (
    "Compare a run with its base, against noise; both need 30 s of load. Exit code 0 no regression, 1 regression, 2"
    " inconclusive."
)

_STYLES = {"regression": "bold red", "worse": "yellow", "better": "green", "changed": "blue", "unknown": "yellow"}
_MOST_DIFFERENCES = 5


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("base", type=run_path, metavar="BASE", help="directory of the run to compare with")
    about = f"directory of the run, or `{LATEST}`; compare.html and compare.md are written there"
    parser.add_argument("run", type=run_path, metavar="RUN", help=about)
    parser.add_argument("--force", action="store_true", help="compare runs of different scenarios or conditions")
    parser.add_argument(
        "--seed", type=int, default=1, metavar="N", help="random seed for resampling (default: %(default)s)"
    )
    add_output(parser)


def run(arguments: argparse.Namespace) -> int:
    """Compare two runs, write compare.html and compare.md, and print the changes."""
    from loadtests.cli.check import exit_code
    from loadtests.cli.waiting import waiting
    from reports.compare.build import PAGE, write_comparison
    from reports.compare.comparison import compare_runs

    _check(arguments)
    with waiting("comparing the runs"):
        comparison = compare_runs(arguments.base, arguments.run, arguments.seed)
        write_comparison(arguments.run, comparison)
    if arguments.json:
        print(json.dumps(_as_json(comparison), indent=1))
    elif not arguments.quiet:
        _show(comparison)
        print(f"Page: {(arguments.run / PAGE).resolve()}")
    return exit_code(comparison.result)


def _check(arguments: argparse.Namespace) -> None:
    from loadtests.model.run.manifest import read_manifest
    from reports.compare.blocks import LEAST_SECONDS
    from reports.compare.conditions import differences

    at_least(0, "--seed", arguments.seed)
    manifests = [read_manifest(folder) for folder in (arguments.base, arguments.run)]
    _check_kinds(arguments, *manifests)
    shortest = min(manifest.load_ended or math.inf for manifest in manifests)
    if shortest < LEAST_SECONDS:
        raise InputError.of(
            arguments.run,
            f"cannot be compared: the runs have {shortest:.3g} s of load in common, and {LEAST_SECONDS:g} s are needed",
            code=EXIT_UNKNOWN,
        )
    found = differences(*manifests)
    if found and not arguments.force:
        more = len(found) - _MOST_DIFFERENCES
        listed = "; ".join(found[:_MOST_DIFFERENCES]) + (f"; and {more:,} more" if more > 0 else "")
        raise InputError.of(
            arguments.run, f"ran under other conditions than {arguments.base} ({listed}); use --force to compare anyway"
        )


def _check_kinds(arguments: argparse.Namespace, base: Manifest, run: Manifest) -> None:
    """Load runs can be compared with each other, and recordings with each other."""
    for folder, manifest in ((arguments.base, base), (arguments.run, run)):
        if manifest.audit or manifest.watch:
            kind = "an audit" if manifest.audit else "a watch"
            raise InputError.of(folder, f"is {kind}: it has no load to compare")
    if base.recording != run.recording:
        recorded, other = (base, run) if base.recording else (run, base)
        raise InputError.of(
            arguments.run,
            f"cannot be compared: {recorded.run} is a recording of real clients, {other.run} is a load run",
        )


def _as_json(comparison: Comparison) -> dict[str, Any]:
    from reports.build import plain

    changes = [
        {
            "figure": change.figure,
            "base": change.base,
            "run": change.run,
            "change": change.change,
            "interval": change.interval,
            "allowed": change.allowed,
            "result": change.judged,
            "why": change.why,
        }
        for change in comparison.changes
    ]
    return dict(
        plain(
            {
                "base": comparison.base.run,
                "run": comparison.run.run,
                "result": comparison.result,
                "sentence": comparison.sentence,
                "seconds": comparison.seconds,
                "other_conditions": comparison.differences,
                "changes": changes,
            }
        )
    )


def _show(comparison: Comparison) -> None:
    from rich.text import Text

    from loadtests.cli.result import RESULT_STYLES
    from loadtests.cli.table import Table, open_console, print_table
    from reports.compare.comparison import rank
    from reports.compare.wording import shown, shown_change, shown_interval, shown_judgement

    console = open_console()
    table = Table(("figure", "base", "run", "change", "95 % interval of the change", "result"))
    notable = [change for change in comparison.changes if change.judged != "noise"]
    for change in sorted(notable, key=rank):
        judged = shown_judgement(change)
        figures = (shown(change, change.base), shown(change, change.run), shown_change(change), shown_interval(change))
        table.add(change.figure, *figures, Text(judged, style=_STYLES.get(change.judged, "dim")))
    if notable:
        print_table(console, table)
    if rest := len(comparison.changes) - len(notable):
        console.print(f"{count(rest, 'figure')} changed by no more than noise.")
    for difference in comparison.differences:
        console.print(Text.assemble(("other conditions: ", "yellow"), difference))
    console.print(Text(comparison.sentence, style=RESULT_STYLES[comparison.result]))
