"""`streamsoak report`."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

HELP = "(Re)build a run's report.html, summary.json, summary.md, junit.xml and support.csv from its event log."


class _PrintSchema(argparse.Action):
    """Prints the schema instead of a report, as --version does a version: no run is needed."""

    def __call__(self, parser: argparse.ArgumentParser, *_: Any) -> None:
        from reports.output.schema import schema

        print(json.dumps(schema(), indent=1))
        parser.exit()


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("run", type=Path, metavar="RUN", help="the run's directory")
    parser.add_argument(
        "--verdict", action="store_true", help="exit by the verdict, as `check` does; on GitHub, say it"
    )
    parser.add_argument("--schema", action=_PrintSchema, nargs=0, help="print the JSON Schema of summary.json, and end")


def run(arguments: argparse.Namespace) -> int:
    """Build it, and say where it is."""
    from loadtests.cli.announce import announce
    from loadtests.cli.check import exit_code
    from reports.build import PAGE, build_report

    analysis = build_report(arguments.run)
    print(analysis.verdict.sentence)
    print(f"Report: {(arguments.run / PAGE).resolve()}")
    if not arguments.verdict:
        return 0
    announce(analysis)
    return exit_code(analysis.verdict.result)
