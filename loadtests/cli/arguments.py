"""Arguments that several subcommands share, and their checks."""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable, Iterable
from pathlib import Path

from loadtests.defects.catalogue import usage
from loadtests.model.people.profile import IDLE_RANGE
from loadtests.model.run.run_name import LATEST, RUNS, run_directory
from loadtests.model.text.input_error import InputError
from loadtests.model.text.units import parse_size, read_duration, read_share


def add_run(parser: argparse.ArgumentParser) -> None:
    """Declare RUN."""
    parser.add_argument(
        "run", type=run_path, metavar="RUN", help=f"directory of the run, its name in {RUNS}/, or `{LATEST}`"
    )


def add_output(parser: argparse.ArgumentParser) -> None:
    """Declare --json and --quiet."""
    output = parser.add_mutually_exclusive_group()
    output.add_argument("--json", action="store_true", help="print the result as JSON, and nothing else")
    output.add_argument("--quiet", action="store_true", help="print nothing; the exit code tells the result")


def run_path(text: str) -> Path:
    """Returns the directory of a run, which may be named without `runs`; `latest` is the newest one there."""
    try:
        return run_directory(text)
    except LookupError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def add_rate(parser: argparse.ArgumentParser) -> None:
    """Declare --rate."""
    about = "stop requests per second (default: %(default)g)"
    parser.add_argument("--rate", type=stop_rate, default=10.0, metavar="N", help=about)


def stop_rate(text: str) -> float:
    """A type of argparse: stop requests per second."""
    try:
        rate = float(text)
    except ValueError:
        rate = math.nan
    if not 0 < rate <= 1000:
        raise argparse.ArgumentTypeError(f"must be more than 0 and at most 1000 per second (is {text})")
    return rate


def add_run_dir(
    parser: argparse.ArgumentParser, about: str = "parent of the run's directory (default: %(default)s)"
) -> None:
    """Declare --run-dir."""
    parser.add_argument("--run-dir", type=Path, default=RUNS, metavar="DIR", help=about)


def add_api(parser: argparse.ArgumentParser, default: str = "konpro") -> None:
    """Declare --api."""
    about = f"API, by name or description file (see streamsoak apis; default: {default})"
    parser.add_argument("--api", default="", metavar="NAME|FILE", help=about)


def add_scenario(parser: argparse.ArgumentParser) -> None:
    """Declare SCENARIO, --limit, --api and --set."""
    parser.add_argument("scenario", metavar="SCENARIO", help="name or file of a scenario")
    parser.add_argument(
        "--limit", type=int, metavar="N", help="concurrency limit of the account (default: the scenario's)"
    )
    add_api(parser, "the scenario's, or konpro")
    about = "override a value of the scenario, for example profiles.leaky.idle_timeout=30 (repeatable)"
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help=about)


def add_account(parser: argparse.ArgumentParser) -> None:
    """Declare the sandbox's --limit and --idle-range."""
    parser.add_argument("--limit", type=int, metavar="N", help="concurrency limit of the account (default: none)")
    add_api(parser)
    parser.add_argument(
        "--idle-range",
        metavar="LOW:HIGH",
        help="accepted idle timeouts, in seconds or for example 5s:10m (default: the API's; {:g}:{:g} for konpro)".format(
            *IDLE_RANGE
        ),
    )


def add_defects(parser: argparse.ArgumentParser) -> None:
    """Declare --defect."""
    about = f"inject a defect (repeatable). {usage()}"
    parser.add_argument("--defect", action="append", default=[], metavar="NAME[=VALUE]", help=about)


def duration(text: str) -> float:
    """A type of argparse: seconds, or for example 10m."""
    return _read(read_duration, text)


def size(text: str) -> int:
    """A type of argparse: bytes, for example 500MB."""
    try:
        return parse_size(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{error} (is {text!r})") from None


def share(text: str) -> float:
    """A type of argparse: 0 to 1, or for example 30%."""
    return _read(read_share, text)


def _read(read: Callable[[str], float], text: str) -> float:
    try:
        return read(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{error} (is {text!r})") from None


def at_least(least: int, option: str, value: int | None) -> None:
    """Raises InputError if `value` is given and less than `least`."""
    if value is not None and value < least:
        raise InputError.of(option, f"must be {least} or more (is {value})")


def changes_of(texts: Iterable[str]) -> dict[str, str]:
    """The values of --set by dotted path; raises InputError."""
    changes = {}
    for text in texts:
        key, equals, value = text.partition("=")
        if not equals or not key:
            raise InputError.of("--set", f"must be KEY=VALUE, for example limit=10 (is {text!r})")
        changes[key] = value
    return changes


def idle_range(text: str) -> tuple[float, float]:
    """The bounds in LOW:HIGH, in seconds; raises InputError."""
    low, _, high = text.partition(":")
    try:
        bounds = read_duration(low), read_duration(high)
    except ValueError:
        bounds = math.nan, math.nan
    if not 0 < bounds[0] <= bounds[1] < math.inf:
        raise InputError.of("--idle-range", f"must be LOW:HIGH in seconds, for example 30:3599 or 30s:1h (is {text!r})")
    return bounds
