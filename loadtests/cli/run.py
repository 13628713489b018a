"""`streamsoak run`."""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

from loadtests.plugin.option_table import OPTIONS

HELP = "Run a scenario: locust with streamsoak's plugin. Locust's options may follow."
_WIDTH = 26


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments. The help lists the options that streamsoak adds to Locust's."""
    parser.usage = "%(prog)s SCENARIO [OPTIONS]"
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = "\n".join(_epilog())
    parser.add_argument("scenario", metavar="SCENARIO", help="name or file of a scenario: see `streamsoak profiles`")
    parser.add_argument("options", nargs=argparse.REMAINDER, metavar="[OPTIONS]", help=argparse.SUPPRESS)


def run(arguments: argparse.Namespace) -> int:
    """Replaces this process by Locust."""
    from loadtests.cli import launcher, starter

    # Alone in its folder, which Locust puts before the standard library.
    locustfile = Path(starter.__path__[0]) / "locustfile.py"
    command = [sys.executable, "-m", launcher.__name__, "-f", str(locustfile), "--scenario", arguments.scenario]
    sys.stdout.flush()
    os.execv(sys.executable, [*command, *arguments.options])


def _epilog() -> Iterator[str]:
    yield "options of streamsoak:"
    for name, (about, settings) in OPTIONS.items():
        value = settings.get("metavar") or "|".join(settings.get("choices", ()))
        yield _row(f"{name} {value}".strip(), about)
    yield ""
    yield "All options of Locust keep their meaning, for example:"
    yield _row("--headless", "without the web UI, which is otherwise at http://127.0.0.1:8089")
    yield _row("--host URL", "the API under test (with --sandbox: the sandbox)")
    yield _row("-u N, -t TIME", "scale the load to N users; end the run earlier")
    yield _row("--processes N", "several processes on this machine")
    yield "The others: locust --help"


def _row(option: str, about: str) -> str:
    width = max(shutil.get_terminal_size().columns - 2, 2 * _WIDTH)
    return textwrap.fill(about, width, initial_indent=f"  {option:{_WIDTH}}", subsequent_indent=" " * (_WIDTH + 2))
