"""`streamsoak plan`."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING

from loadtests.model.text.input_error import EXIT_PASS, EXIT_UNKNOWN, InputError

if TYPE_CHECKING:
    from reports.plan.expected import Changes
    from reports.plan.plan import CapacityPlan

HELP = "Capacity out of runs: the limit to ask for, the idle timeout to choose, what leaks cost. Exit code 2: it cannot be told."


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument(
        "runs", nargs="*", type=Path, metavar="RUN", help="directories of runs of one account, with one limit"
    )
    parser.add_argument(
        "--out", type=Path, metavar="DIR", help="where plan.html and plan.json go (default: the last run's)"
    )
    parser.add_argument(
        "--seed", type=int, default=1, metavar="N", help="of everything that is drawn (default: %(default)s)"
    )
    parser.add_argument(
        "--survives",
        type=int,
        default=2,
        metavar="N",
        help="keep-alives in a row that may be lost (default: %(default)s)",
    )
    asked = parser.add_argument_group(
        "another run", "what would be refused, if these were otherwise than in the (first) run"
    )
    asked.add_argument("--limit", type=int, metavar="N", help="the account's limit")
    asked.add_argument("--arrivals", type=float, default=1.0, metavar="X", help="times the arrivals")
    asked.add_argument("--leak-share", type=float, metavar="P", help="people who leave their session open, 0 to 1")
    asked.add_argument("--idle-timeout", type=float, metavar="S", help="in seconds, of all sessions")
    asked.add_argument("--duration", type=float, metavar="S", help="seconds of load, at the most as many as in the run")
    parser.add_argument("--schema", action="store_true", help="print the JSON Schema of plan.json, and end")


def run(arguments: argparse.Namespace) -> int:
    """Plan, and say the answer."""
    from reports.plan.build import PAGE, schema, write_plan
    from reports.plan.plan import PlanOptions

    if arguments.schema:
        print(json.dumps(schema(), indent=1))
        return EXIT_PASS
    if not arguments.runs:
        raise InputError.of(
            "RUN", "is missing: name at least one run's directory, for example runs/20261125-101500-demo"
        )
    options = PlanOptions(
        _at_least("--seed", arguments.seed, 0), _at_least("--survives", arguments.survives, 0), _changes(arguments)
    )
    into = arguments.out or arguments.runs[-1]
    if arguments.out and not arguments.out.is_dir():
        raise InputError.of("--out", f"{arguments.out} is no directory")
    plan = write_plan(arguments.runs, into, options)
    _say(plan)
    print(f"Plan: {(into / PAGE).resolve()}")
    return EXIT_UNKNOWN if plan.unknown else EXIT_PASS


def _changes(arguments: argparse.Namespace) -> Changes:
    from reports.plan.expected import Changes

    if arguments.limit is not None:
        _at_least("--limit", arguments.limit, 1)
    if not 0 < arguments.arrivals <= 1000:
        raise InputError.of("--arrivals", f"must be more than 0, and 1000 at the most (is {arguments.arrivals:g})")
    if arguments.leak_share is not None and not 0 <= arguments.leak_share <= 1:
        raise InputError.of("--leak-share", f"must be a share, 0 to 1 (is {arguments.leak_share:g})")
    if arguments.idle_timeout is not None and not 0 < arguments.idle_timeout < 1e6:
        raise InputError.of("--idle-timeout", f"must be seconds, more than 0 (is {arguments.idle_timeout:g})")
    if arguments.duration is not None and not arguments.duration > 0:
        raise InputError.of("--duration", f"must be seconds, more than 0 (is {arguments.duration:g})")
    return Changes(
        arguments.limit, arguments.arrivals, arguments.leak_share, arguments.idle_timeout, arguments.duration
    )


def _at_least(option: str, value: int, least: int) -> int:
    if value < least:
        raise InputError.of(option, f"must be {least} or more (is {value})")
    return value


def _say(plan: CapacityPlan) -> None:
    from rich.console import Console

    from reports.plan.said import sentences

    console = Console(highlight=False)
    for sentence in sentences(plan):
        console.print(sentence, markup=False, soft_wrap=True)
