"""Shows our options in `streamsoak run --help` and `locust --help`. Imports nothing of Locust."""

from __future__ import annotations

import atexit
import contextlib
import shutil
import sys
import textwrap
from collections.abc import Iterator, Sequence
from pathlib import Path

from loadtests.plugin.option_table import OPTIONS, SCENARIO

TITLE = "options of streamsoak"
_WIDTH = 26
_HELP = frozenset({"-h", "--help"})


def announce(_: object) -> None:
    """Lets `locust --help` end with our options.

    Locust prints its help before it reads a locustfile, and has no entry point for plugins. gevent has one, which it calls when
    Locust lets it patch the standard library.
    """
    if _asks_locust_for_help(sys.orig_argv):
        atexit.register(_print)


def option_row(option: str, about: str) -> str:
    """Returns the lines of one option, as wide as the terminal."""
    width = max(shutil.get_terminal_size().columns - 2, 2 * _WIDTH)
    return textwrap.fill(about, width, initial_indent=f"  {option:{_WIDTH}}", subsequent_indent=" " * (_WIDTH + 2))


def option_rows() -> Iterator[str]:
    """Yields the lines of each option that streamsoak adds to Locust, but for --scenario."""
    for name, (about, settings) in OPTIONS.items():
        value = settings.get("metavar") or "|".join(settings.get("choices", ()))
        yield option_row(f"{name} {value}".strip(), about)


def _asks_locust_for_help(command: Sequence[str]) -> bool:
    """Whether `command` is Python with Locust's program, or with -m and its module."""
    words = iter(command[1:])
    program = next((word for word in words if not word.startswith("-")), "")
    return Path(program).stem == "locust" and not _HELP.isdisjoint(words)


def _print() -> None:
    rows = (option_row("--scenario NAME|FILE", SCENARIO["help"]), *option_rows())
    # The reader of a pipe may have closed it.
    with contextlib.suppress(OSError, ValueError):
        print(f"\n{TITLE} (with its locustfile, or one that imports it):", *rows, sep="\n", flush=True)
