"""`streamsoak fit`."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING

from loadtests.cli.arguments import add_output, at_least, run_path
from loadtests.model.text.input_error import EXIT_PASS, EXIT_UNKNOWN, InputError

if TYPE_CHECKING:
    from reports.fit.fitting import Fit

HELP = (
    "Fit profiles to recorded or simulated logs: arrivals, session length, turns, keep-alives, ways of leaving. Exit code 0"
    " done, 2 inconclusive: too few sessions, or none whose end was seen."
)
_MOST_KINDS = 3


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument(
        "logs", nargs="+", type=run_path, metavar="LOG", help="directories of runs, audits or recordings"
    )
    parser.add_argument(
        "-o",
        "--output",
        type=Path,
        metavar="FILE",
        help="profile to write, for example profiles/mine.toml; a second and third kind of person get a number after the name"
        " (default: no profile)",
    )
    parser.add_argument(
        "--scenario",
        type=Path,
        metavar="FILE",
        help="scenario to write as well: a stage for each hour if the hours differ",
    )
    parser.add_argument("--force", action="store_true", help="overwrite profiles and a scenario that exist")
    parser.add_argument(
        "--kinds",
        type=int,
        default=_MOST_KINDS,
        metavar="N",
        help=f"kinds of people to look for, 1 to {_MOST_KINDS} (default: %(default)s; fewer if the data have fewer)",
    )
    parser.add_argument(
        "--by-profile",
        action="store_true",
        help="fit each profile that the log names by itself, instead of looking for kinds of people",
    )
    parser.add_argument(
        "--out", type=Path, metavar="DIR", help="directory for fit.html and fit.json (default: that of the last log)"
    )
    parser.add_argument("--seed", type=int, default=1, metavar="N", help="random seed (default: %(default)s)")
    add_output(parser)


def run(arguments: argparse.Namespace) -> int:
    """Fit the logs, write the files and print the parameters."""
    from loadtests.cli.waiting import waiting
    from reports.fit.build import PAGE, Targets, check_targets, figures, write_fit
    from reports.fit.fitting import FitOptions, build_fit

    at_least(0, "--seed", arguments.seed)
    if not 1 <= arguments.kinds <= _MOST_KINDS:
        raise InputError.of("--kinds", f"must be 1 to {_MOST_KINDS} (is {arguments.kinds})")
    if arguments.out and not arguments.out.is_dir():
        raise InputError.of("--out", f"{arguments.out} is not a directory")
    if arguments.scenario and not arguments.output:
        raise InputError.of("--scenario", "needs --output: a scenario names profiles")
    targets = Targets(arguments.output, arguments.scenario, arguments.out or arguments.logs[-1], arguments.force)
    check_targets(targets)
    name = arguments.output.stem if arguments.output else "person"
    with waiting("fitting"):
        fit = build_fit(arguments.logs, FitOptions(name, arguments.seed, arguments.by_profile, arguments.kinds))
        written = write_fit(fit, targets)
    if arguments.json:
        print(json.dumps(figures(fit), indent=1))
    elif not arguments.quiet:
        _show(fit)
        for path in written:
            print(f"Wrote {path}")
        print(f"Page: {(targets.into / PAGE).resolve()}")
    return EXIT_UNKNOWN if any(person.session_length is None for person in fit.people) else EXIT_PASS


def _show(fit: Fit) -> None:
    from loadtests.cli.table import Table, open_console, print_table
    from reports.fit.page import headline
    from reports.fit.table import rows_of_person

    console = open_console()
    text = headline(fit)
    console.print(f"{text[0].upper()}{text[1:]}.", markup=False)
    for person in fit.people:
        table = Table(("figure", "family", "parameter", "value", "n", "KS", "95 % interval"), person.name)
        for row in rows_of_person(person):
            table.add(row.figure, row.family, row.parameter, row.value, row.n, row.ks, row.interval)
        print_table(console, table)
        for note in person.notes:
            console.print(f"{note[0].upper()}{note[1:]}.", markup=False)
    for note in fit.notes:
        console.print(f"{note[0].upper()}{note[1:]}.", markup=False)
