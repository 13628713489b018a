"""`streamsoak check`."""

from __future__ import annotations

import argparse
from pathlib import Path

from loadtests.model.text.input_error import EXIT_FAIL, EXIT_PASS, EXIT_UNKNOWN

HELP = "A run's gates and findings on the terminal; exit code 0 pass, 1 fail, 2 unknown."

_STYLES = {"pass": "green", "fail": "bold red", "unknown": "yellow"}


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("run", type=Path, metavar="RUN", help="the run's directory")


def run(arguments: argparse.Namespace) -> int:
    """Print it."""
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    from reports.build import judge_run

    analysis = judge_run(arguments.run)
    console = Console()
    verdict = analysis.verdict
    console.print(f"[{_STYLES[verdict.result]}]{verdict.result}[/] {escape(verdict.sentence)}")
    if verdict.gates:
        gates = Table("gate", "result", "value")
        for gate in verdict.gates:
            gates.add_row(escape(gate.gate), f"[{_STYLES[gate.result]}]{gate.result}[/]", escape(gate.shown))
        console.print(gates)
    for finding in analysis.findings:
        console.print(f"[bold]{finding.severity}[/] {finding.name} ({finding.owner}): {escape(finding.text)}")
    return exit_code(verdict.result)


def exit_code(result: str) -> int:
    """The exit code that says what the verdict says."""
    return {"pass": EXIT_PASS, "fail": EXIT_FAIL}.get(result, EXIT_UNKNOWN)
