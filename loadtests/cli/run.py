"""`streamsoak run`."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator
from pathlib import Path

from loadtests.plugin.option_help import TITLE, option_row, option_rows

HELP = (
    "Run a scenario: locust with streamsoak's plugin. Locust's options may follow. Without a scenario: the start page."
)


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments. The help lists the options that streamsoak adds to Locust's."""
    parser.usage = "%(prog)s [SCENARIO [OPTIONS]]"
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = "\n".join(_epilog())
    parser.add_argument(
        "scenario", nargs="?", metavar="SCENARIO", help="name or file of a scenario: see `streamsoak profiles`"
    )
    parser.add_argument("options", nargs=argparse.REMAINDER, help=argparse.SUPPRESS)


def run(arguments: argparse.Namespace) -> int:
    """Replaces this process by Locust."""
    from loadtests.cli import launcher, starter

    # Alone in its folder, which Locust puts before the standard library. -P: Python does not put the user's folder there.
    locustfile = Path(starter.__path__[0]) / "locustfile.py"
    scenario = ["--scenario", arguments.scenario] if arguments.scenario else []
    sys.stdout.flush()
    command = [sys.executable, "-P", "-m", launcher.__name__, "-f", str(locustfile), *scenario, *arguments.options]
    os.execv(sys.executable, command)


def _epilog() -> Iterator[str]:
    yield f"{TITLE}:"
    yield from option_rows()
    yield ""
    yield "All options of Locust keep their meaning, for example:"
    yield option_row("--headless", "without the web UI, which is otherwise at http://127.0.0.1:8089")
    yield option_row("--host URL", "the API under test (with --sandbox: the sandbox)")
    yield option_row("-u N, -t TIME", "scale the load to N users; end the run earlier")
    yield option_row("--processes N", "several processes on this machine")
    yield "The others: locust --help"
