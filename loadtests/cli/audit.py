"""`streamsoak audit`."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from pathlib import Path

from loadtests.defects.account import check_fit
from loadtests.defects.catalogue import DEFECTS, parse_defect, parse_defects
from loadtests.defects.defect import Injected
from loadtests.model.text.input_error import InputError

HELP = "Run any client against the sandbox: what did it leave open? Exit code 0 clean, 1 not, 2 unknown."

_SHORT = {"fail-start": "fail-start", "fail-new": "fail-new", "lose-answer": "lost-answer"}
"""Options of single defects, by name."""


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    from loadtests.cli.sandbox import add_defects

    parser.add_argument(
        "--limit", type=int, metavar="N", help="the account's limit of concurrent sessions (default: none)"
    )
    parser.add_argument(
        "--idle-range",
        default="30:3599",
        metavar="LOW:HIGH",
        help="idle timeouts that are accepted, in seconds (default: %(default)s)",
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the result there, too")
    parser.add_argument("--quick", action="store_true", help="do not watch what is left open until it is due")
    parser.add_argument(
        "--run-dir", type=Path, default=Path("runs"), help="where the audit gets its directory (default: %(default)s)"
    )
    for name, defect in _SHORT.items():
        about = f"short for --defect {defect}=P: {DEFECTS[defect].about}"
        parser.add_argument(f"--{name}", type=float, default=0.0, metavar="P", help=about)
    add_defects(parser)
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="of the defects (default: %(default)s)")
    parser.add_argument(
        "command",
        nargs=argparse.REMAINDER,
        metavar="-- COMMAND...",
        help="the program and its arguments; it finds the sandbox in KONPRO_BASE_URL, and a key in KONPRO_API_KEY",
    )


def run(arguments: argparse.Namespace) -> int:
    """Audit, and say what was found."""
    from loadtests.audit.audit import AuditSettings, carry_out
    from loadtests.cli.check import exit_code
    from loadtests.cli.terminal import print_audit
    from loadtests.model.api.rules import Terms
    from reports.build import plain, write_summary

    command = arguments.command[1:] if arguments.command[:1] == ["--"] else arguments.command
    _check(arguments)
    defects = (*_short_defects(arguments), *parse_defects(arguments.defect))
    check_fit(Terms(arguments.limit), defects)
    orders = AuditSettings(
        tuple(command),
        arguments.run_dir,
        arguments.limit,
        arguments.idle_range,
        defects,
        arguments.seed,
        arguments.quick,
    )
    folder = carry_out(orders, lambda said: print(said, file=sys.stderr, flush=True))
    analysis = write_summary(folder)
    if arguments.json:
        _write(arguments.json, json.dumps(plain(analysis.summary), indent=1) + "\n")
    print_audit(analysis, folder)
    return exit_code(analysis.verdict.result)


def _check(arguments: argparse.Namespace) -> None:
    from loadtests.cli.sandbox import idle_range

    if arguments.limit is not None and arguments.limit < 1:
        raise InputError.of("--limit", f"must be 1 or more (is {arguments.limit})")
    if arguments.json and not arguments.json.absolute().parent.is_dir():
        raise InputError.of("--json", f"{arguments.json} cannot be written: there is no such directory")
    idle_range(arguments.idle_range)


def _short_defects(arguments: argparse.Namespace) -> Iterator[Injected]:
    """The defects that have options of their own, since every client meets them."""
    for name, defect in _SHORT.items():
        value = float(getattr(arguments, name.replace("-", "_")))
        if not 0 <= value <= 1:
            raise InputError.of(f"--{name}", f"must be a probability, 0 to 1 (is {value:g})")
        if value:
            yield parse_defect(f"{defect}={value!r}", f"--{name}")


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise InputError.of("--json", f"{path} cannot be written: {error.strerror}") from None
