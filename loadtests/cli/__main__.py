"""`streamsoak`, and `python -m loadtests.cli`."""

from __future__ import annotations

import argparse
import errno
import io
import os
import sys
import traceback
from collections.abc import Sequence
from importlib import import_module
from importlib.metadata import version

from loadtests.model.text.input_error import EXIT_DEFECT, EXIT_INTERRUPTED, EXIT_MISTAKE, EXIT_UNAVAILABLE, InputError

_NOT_OURS = frozenset(
    (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EACCES, errno.EPERM, errno.EIO, errno.EMFILE)
)
"""What the system refuses: a full disk, say."""
SUBCOMMANDS = ("sandbox", "audit", "inspect", "simulate", "report", "check", "compare", "plan", "sweep", "profiles")
"""Modules of this package, in the order of the help. Each has HELP, `configure(parser)` and `run(arguments) -> int`."""


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> None:  # type: ignore[override]
        self.exit(EXIT_MISTAKE, f"{self.prog}: {message}\n(see {self.prog} --help)\n")


def build_parser() -> argparse.ArgumentParser:
    """The parser of all subcommands."""
    parser = _Parser(prog="streamsoak", description="Load and soak tests for streaming-session APIs.")
    parser.add_argument("--version", action="version", version=f"streamsoak {version('streamsoak')}")
    chosen = parser.add_subparsers(dest="subcommand", required=True, metavar="SUBCOMMAND")
    for name in SUBCOMMANDS:
        module = import_module(f"loadtests.cli.{name}")
        module.configure(chosen.add_parser(name, help=module.HELP, description=module.HELP))
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one subcommand; returns the exit code."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # A terminal of few letters shows "?" for the others, rather than a traceback.
            stream.reconfigure(errors="replace")
    parsed = build_parser().parse_args(arguments)
    try:
        return int(import_module(f"loadtests.cli.{parsed.subcommand}").run(parsed))
    except InputError as error:
        print(error, file=sys.stderr)
        return error.code
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED
    except BrokenPipeError:
        # The reader of our output has gone: nothing to say any more, and nobody to say it to.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as error:  # noqa: BLE001 - the outermost frame: whatever it is, it needs our own exit code
        return _failed(error, getattr(parsed, "run", "a file"))


def _failed(error: Exception, about: object) -> int:
    if isinstance(error, OSError) and error.errno in _NOT_OURS:
        print(f"{error.filename or about}: cannot be written or read: {error.strerror}", file=sys.stderr)
        return EXIT_UNAVAILABLE
    # Python's own exit code for this is 1, which here means that a gate failed.
    traceback.print_exception(error)
    print("This is a defect of streamsoak: please report it.", file=sys.stderr)
    return EXIT_DEFECT


if __name__ == "__main__":
    sys.exit(main())
