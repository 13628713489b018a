"""`streamsoak plan`."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING

from loadtests.cli.arguments import add_output, at_least, duration, run_path, share
from loadtests.model.text.input_error import EXIT_PASS, EXIT_UNKNOWN, InputError

if TYPE_CHECKING:
    from reports.plan.plan import CapacityPlan
    from reports.plan.prediction.expected import Changes

HELP = (
    "Write a capacity plan from runs: concurrency limit, idle timeout, cost of leaks. Exit code 0 done, 2 inconclusive."
)

_MOST_LOST = 20
"""Of --survives. More would need an idle timeout of half an hour, or keep-alives that come every few seconds."""


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument(
        "runs", nargs="*", type=run_path, metavar="RUN", help="directories of runs with the same account and limit"
    )
    parser.add_argument(
        "--out", type=Path, metavar="DIR", help="directory for plan.html and plan.json (default: that of the last run)"
    )
    parser.add_argument("--seed", type=int, default=1, metavar="N", help="random seed (default: %(default)s)")
    parser.add_argument(
        "--survives",
        type=int,
        default=2,
        metavar="N",
        help=f"consecutive keep-alives that may be lost, at most {_MOST_LOST} (default: %(default)s)",
    )
    what_if = parser.add_argument_group("what if", "estimate refusals with other values than in the (first) run")
    what_if.add_argument("--limit", type=int, metavar="N", help="concurrency limit of the account")
    what_if.add_argument("--arrivals", type=float, default=1.0, metavar="X", help="factor for the arrival rates")
    what_if.add_argument(
        "--leak-share", type=share, metavar="P", help="share of users who leave their session open: 0 to 1, or 30%%"
    )
    what_if.add_argument("--idle-timeout", type=duration, metavar="TIME", help="idle timeout of all sessions")
    what_if.add_argument(
        "--keep-alive",
        type=duration,
        metavar="TIME",
        help="time between keep-alives (default: keep-alives as recorded)",
    )
    what_if.add_argument(
        "--duration", type=duration, metavar="TIME", help="length of the load, at most that of the run"
    )
    add_output(parser)
    parser.add_argument("--schema", action="store_true", help="print the JSON Schema of plan.json and exit")


def run(arguments: argparse.Namespace) -> int:
    """Write the plan and print its main results."""
    from loadtests.cli.waiting import waiting
    from reports.plan.build import PAGE, figures, schema, write_plan
    from reports.plan.plan import PlanOptions

    if arguments.schema:
        print(json.dumps(schema(), indent=1))
        return EXIT_PASS
    if not arguments.runs:
        raise InputError.of(
            "RUN", "is required: the directory of at least one run, for example runs/20261125-101500-demo"
        )
    at_least(0, "--seed", arguments.seed)
    if not 0 <= arguments.survives <= _MOST_LOST:
        why = "a client that loses more keep-alives in a row has lost its connection"
        raise InputError.of("--survives", f"must be 0 to {_MOST_LOST} (is {arguments.survives}): {why}")
    options = PlanOptions(arguments.seed, arguments.survives, _changes(arguments))
    into = arguments.out or arguments.runs[-1]
    if arguments.out and not arguments.out.is_dir():
        raise InputError.of("--out", f"{arguments.out} is not a directory")
    with waiting("planning"):
        plan = write_plan(arguments.runs, into, options)
    if arguments.json:
        print(json.dumps(figures(plan), indent=1))
    elif not arguments.quiet:
        _print_summary(plan)
        print(f"Plan: {(into / PAGE).resolve()}")
    return EXIT_UNKNOWN if plan.unknown else EXIT_PASS


def _changes(arguments: argparse.Namespace) -> Changes:
    from reports.plan.prediction.expected import Changes

    at_least(1, "--limit", arguments.limit)
    if not 0 < arguments.arrivals <= 1000:
        raise InputError.of("--arrivals", f"must be more than 0 and at most 1000 (is {arguments.arrivals:g})")
    if arguments.idle_timeout is not None and not 0 < arguments.idle_timeout < 1e6:
        raise InputError.of("--idle-timeout", f"must be more than 0 seconds (is {arguments.idle_timeout:g})")
    if arguments.duration is not None and not arguments.duration > 0:
        raise InputError.of("--duration", f"must be more than 0 seconds (is {arguments.duration:g})")
    if arguments.keep_alive is not None and not 0 < arguments.keep_alive < 1e6:
        raise InputError.of("--keep-alive", f"must be more than 0 seconds (is {arguments.keep_alive:g})")
    return Changes(
        arguments.limit,
        arguments.arrivals,
        arguments.leak_share,
        arguments.idle_timeout,
        arguments.duration,
        arguments.keep_alive,
    )


def _print_summary(plan: CapacityPlan) -> None:
    from loadtests.cli.table import open_console
    from reports.plan.sentences import sentences

    console = open_console()
    for sentence in sentences(plan):
        console.print(sentence, markup=False)
