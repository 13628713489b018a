"""`streamsoak sweep`."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from loadtests.model.text.input_error import EXIT_FAIL, EXIT_PASS, EXIT_UNKNOWN, InputError

if TYPE_CHECKING:
    from loadtests.cleanup.sweep import SweepResult

HELP = "Close what a run left open, by its ledgers; exit code 0 nothing is open, 1 something is, 2 it cannot be told."
_MOST_SHOWN = 20


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("run", type=Path, metavar="RUN", help="the run's directory")
    parser.add_argument("--rate", type=float, default=10.0, metavar="N", help="stops a second (default: %(default)g)")
    parser.add_argument(
        "--exclusive-account",
        action="store_true",
        help="nobody else uses the account: close also what was created during the run and is in no ledger",
    )


def run(arguments: argparse.Namespace) -> int:
    """Sweep, and say what was done."""
    from loadtests.cleanup.sweep import account_of, sweep
    from loadtests.http.key import api_key

    if not 0 < arguments.rate <= 1000:
        raise InputError.of("--rate", f"must be more than 0 and at most 1000 a second (is {arguments.rate:g})")
    key = api_key()
    swept = sweep(
        arguments.run,
        lambda manifest: account_of(manifest, key, arguments.rate),
        exclusive_account=arguments.exclusive_account,
    )
    for line in _lines(swept):
        print(line)
    if swept.refused:
        return EXIT_FAIL
    return EXIT_UNKNOWN if swept.doubt else EXIT_PASS


def _lines(swept: SweepResult) -> list[str]:
    lines = [f"Closed {len(swept.closed)} sessions; {len(swept.gone)} were gone already; {len(swept.refused)} refuse."]
    lines += [f"  still open: {one}: {why}" for one, why in list(swept.refused.items())[:_MOST_SHOWN]]
    if swept.suspects_closed:
        lines.append(f"Closed {len(swept.suspects_closed)} suspects: created during the run, in no ledger of it.")
    if swept.suspects:
        lines.append(
            f"Left alone {len(swept.suspects)} suspects, created during the run and in no ledger of it"
            f" ({swept.unanswered} requests of the run have no answer that is known): --exclusive-account closes them."
        )
        lines += [f"  suspect: {one}" for one in swept.suspects[:_MOST_SHOWN]]
    if swept.doubt:
        lines.append(f"Cannot be told: {swept.doubt}.")
    return lines
