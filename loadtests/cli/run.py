"""`streamsoak run`."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from loadtests.model.text.input_error import InputError
from loadtests.plugin.option_help import TITLE, option_row, option_rows
from loadtests.plugin.option_table import SCENARIO

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


def completed(words: Sequence[str]) -> list[str]:
    """Returns the command line with an empty SCENARIO if options follow `run` at once: argparse would take them for its own."""
    match list(words):
        case ["run", option, *_] if option.startswith("-") and option not in _HELP:
            return ["run", "", *words[1:]]
    return list(words)


def run(arguments: argparse.Namespace) -> int:
    """Replaces this process by Locust. Raises InputError if it would not know what to do without its web UI."""
    from loadtests.cli import launcher, starter

    if not arguments.scenario and not os.environ.get(SCENARIO["env_var"]):
        _check_load(arguments.options)

    # Alone in its folder, which Locust puts before the standard library. -P: Python does not put the user's folder there.
    locustfile = Path(starter.__path__[0]) / "locustfile.py"
    scenario = ["--scenario", arguments.scenario] if arguments.scenario else []
    sys.stdout.flush()
    command = [sys.executable, "-P", "-m", launcher.__name__, "-f", str(locustfile), *scenario, *arguments.options]
    os.execv(sys.executable, command)


def _check_load(options: Sequence[str]) -> None:
    names = {option.partition("=")[0] for option in options}
    if "--headless" in names and names.isdisjoint(_LOADS):
        raise InputError.of(
            "SCENARIO",
            "is required with --headless, before the options: streamsoak run smoke --headless, for example (streamsoak profiles"
            " lists them; without --headless: the start page)",
        )


_HELP = frozenset({"-h", "--help"})
_LOADS = frozenset({"--scenario", "-u", "--users", "--config", "--worker", *_HELP})
"""Options of Locust that say what a run without the web UI does."""


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
