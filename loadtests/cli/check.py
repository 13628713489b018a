"""`streamsoak check`."""

from __future__ import annotations

import argparse
import json
from typing import TYPE_CHECKING

from loadtests.cli.arguments import add_output, add_run
from loadtests.model.text.input_error import EXIT_FAIL, EXIT_PASS, EXIT_UNKNOWN

if TYPE_CHECKING:
    from reports.summary import Analysis

HELP = "Print a run's verdict, gates and findings. Exit code 0 pass, 1 fail, 2 inconclusive."


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    add_run(parser)
    add_output(parser)


def run(arguments: argparse.Namespace) -> int:
    """Print the gates, the findings and the verdict of a run."""
    from loadtests.cli.waiting import waiting
    from reports.build import judge_run, plain

    with waiting(f"analysing {arguments.run}"):
        analysis = judge_run(arguments.run)
    if arguments.json:
        print(json.dumps(plain(analysis.summary), indent=1))
    elif not arguments.quiet:
        _show(analysis)
    return exit_code(analysis.verdict.result)


def _show(analysis: Analysis) -> None:
    from rich.text import Text

    from loadtests.cli.result import RESULT_STYLES
    from loadtests.cli.table import Table, open_console, print_table
    from loadtests.cli.terminal import print_finding
    from loadtests.model.text.wording import result_word

    console, verdict = open_console(), analysis.verdict
    if verdict.gates:
        table = Table(("result", "gate", "value"))
        for gate in verdict.gates:
            table.add(Text(result_word(gate.result), style=RESULT_STYLES[gate.result]), gate.gate, gate.shown)
        print_table(console, table)
    for finding in analysis.findings:
        print_finding(console, finding)
    console.print(Text(verdict.sentence, style=RESULT_STYLES[verdict.result]))


def exit_code(result: str) -> int:
    """Returns the exit code of a verdict."""
    return {"pass": EXIT_PASS, "fail": EXIT_FAIL}.get(result, EXIT_UNKNOWN)
