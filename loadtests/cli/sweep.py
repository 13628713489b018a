"""`streamsoak sweep`."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from loadtests.cli.arguments import add_rate, add_run
from loadtests.model.text.input_error import EXIT_FAIL, EXIT_PASS, EXIT_UNKNOWN
from loadtests.model.text.wording import count

if TYPE_CHECKING:
    from loadtests.cleanup.sweep import SweepResult

HELP = "Close the sessions that a run left open. Exit code 0 nothing is open, 1 something is, 2 inconclusive."
_MOST_SHOWN = 20


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    add_run(parser)
    add_rate(parser)
    parser.add_argument(
        "--exclusive-account",
        action="store_true",
        help="also close sessions created during the run and in none of its ledgers (no one else may use the account)",
    )


def run(arguments: argparse.Namespace) -> int:
    """Close the sessions and print the result."""
    from loadtests.cleanup.sweep import account_of, sweep
    from loadtests.http.key import api_key

    api_key()
    swept = sweep(
        arguments.run,
        lambda manifest: account_of(manifest, api_key(manifest.description), arguments.rate),
        exclusive_account=arguments.exclusive_account,
    )
    for line in _lines(swept):
        print(line)
    if swept.refused:
        return EXIT_FAIL
    return EXIT_UNKNOWN if swept.doubt else EXIT_PASS


def _lines(swept: SweepResult) -> list[str]:
    done = f"Closed {count(len(swept.closed), 'session')}; {len(swept.gone):,} already closed"
    lines = [f"{done}, {len(swept.refused):,} could not be closed."]
    lines += [f"  still open: {session}: {why}" for session, why in list(swept.refused.items())[:_MOST_SHOWN]]
    if swept.suspects_closed:
        suspects = count(len(swept.suspects_closed), "suspect")
        lines.append(f"Closed {suspects}: created during the run, in none of its ledgers.")
    if swept.suspects:
        lines.append(
            f"Left {count(len(swept.suspects), 'suspect')} open: created during the run, in none of its ledgers"
            f" ({count(swept.unanswered, 'request')} of the run had no known answer)."
            " Use --exclusive-account to close them."
        )
        lines += [f"  suspect: {session}" for session in swept.suspects[:_MOST_SHOWN]]
    if swept.doubt:
        lines.append(f"Inconclusive: {swept.doubt}.")
    return lines
