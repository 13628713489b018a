"""`streamsoak runs`."""

from __future__ import annotations

import argparse

from loadtests.cli.arguments import add_run_dir

HELP = "List the recorded runs, the newest first."
_MOST_RUNS = 50


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    add_run_dir(parser)
    parser.add_argument("--all", action="store_true", help=f"list all runs instead of the newest {_MOST_RUNS}")


def run(arguments: argparse.Namespace) -> int:
    """Print one line for each run."""
    from loadtests.cli.table import Table, open_console, print_table
    from loadtests.model.run.manifest import read_manifest
    from loadtests.model.run.run_name import recorded_runs
    from loadtests.model.text.input_error import InputError
    from loadtests.model.text.units import format_duration
    from loadtests.model.text.wording import result_word
    from loadtests.recording.report_summary import read_summary

    found = recorded_runs(arguments.run_dir)
    table = Table(("run", "verdict", "duration", "host"))
    for folder in found if arguments.all else found[:_MOST_RUNS]:
        try:
            manifest = read_manifest(folder)
        except InputError as error:
            table.add(folder.name, "–", "–", str(error))
            continue
        duration = format_duration(manifest.ended) if manifest.ended is not None else "not ended"
        host = "simulated" if manifest.simulated else "audit" if manifest.audit else manifest.host
        table.add(folder.name, result_word(read_summary(folder).verdict or "–"), duration, host)
    console = open_console()
    if found:
        print_table(console, table)
    else:
        console.print(f"No runs in {arguments.run_dir}. To make one: streamsoak run demo --sandbox --headless")
    return 0
