"""`streamsoak report`."""

from __future__ import annotations

import argparse
import json
import math
from pathlib import Path
from typing import Any

from loadtests.cli.arguments import add_run, duration

HELP = "Rebuild a run's report.html, summary.json, sessions.parquet, summary.md, junit.xml and support.csv from its event log."


class _PrintSchema(argparse.Action):
    """Prints the schema and exits; needs no RUN."""

    def __call__(self, parser: argparse.ArgumentParser, *_: Any) -> None:
        from reports.output.schema import schema

        print(json.dumps(schema(), indent=1))
        parser.exit()


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    add_run(parser)
    parser.add_argument(
        "--verdict",
        action="store_true",
        help="exit with the verdict's code, as `check` does; on GitHub, also annotate the job",
    )
    parser.add_argument(
        "--last",
        type=duration,
        metavar="TIME",
        help="report the last hour, day or week only: 1h, 24h, 7d (for a recording)",
    )
    parser.add_argument("--csv", action="store_true", help="also write sessions.csv, one row for each session")
    parser.add_argument(
        "--png",
        type=Path,
        metavar="FILE",
        help="also draw the first screen (verdict, figures, chart, what to fix first) as a picture, for a ticket",
    )
    parser.add_argument("--schema", action=_PrintSchema, nargs=0, help="print the JSON Schema of summary.json and exit")


def run(arguments: argparse.Namespace) -> int:
    """Build the report and print its path."""
    from loadtests.cli.announce import announce
    from loadtests.cli.check import exit_code
    from loadtests.cli.result import print_result
    from loadtests.cli.table import open_console
    from loadtests.cli.waiting import waiting
    from loadtests.model.text.input_error import EXIT_UNAVAILABLE, InputError
    from reports.build import PAGE, build_report
    from reports.charts.renderer import RenderError
    from reports.output.session_table import write_session_csv

    if arguments.last is not None and not 0 < arguments.last < math.inf:
        raise InputError.of("--last", f"must be more than 0 seconds (is {arguments.last:g})")
    if arguments.png and not arguments.png.resolve().parent.is_dir():
        raise InputError.of("--png", f"must be a file in a directory that exists (is {arguments.png})")
    try:
        with waiting(f"writing the report of {arguments.run}"):
            analysis = build_report(arguments.run, arguments.png, arguments.last)
            if arguments.csv:
                write_session_csv(arguments.run)
    except RenderError as error:
        raise InputError.of("--png", f"the picture could not be drawn: {error}", code=EXIT_UNAVAILABLE) from None
    if arguments.png:
        print(f"Picture: {arguments.png.resolve()}")
    print_result(open_console(), analysis, arguments.run / PAGE)
    if not arguments.verdict:
        return 0
    announce(analysis)
    return exit_code(analysis.verdict.result)
