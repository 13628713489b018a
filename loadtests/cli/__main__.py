"""The entry point of `streamsoak` and `python -m loadtests.cli`."""

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

_SYSTEM_ERRORS = frozenset(
    (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EACCES, errno.EPERM, errno.EIO, errno.EMFILE)
)
"""Errors of the system, such as a full disk; they are not internal errors."""
SUBCOMMANDS = (
    *("run", "init", "runs", "sandbox", "audit", "inspect", "simulate", "report", "check", "compare", "plan", "sweep"),
    *("profiles", "apis", "completion"),
)
"""Modules of this package, in the order of `--help`."""


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> None:  # type: ignore[override]
        self.exit(EXIT_MISTAKE, f"{self.prog}: {message}\n(see {self.prog} --help)\n")


def build_parser() -> argparse.ArgumentParser:
    """Returns the parser of all subcommands."""
    parser = _Parser(prog="streamsoak", description="Load and soak tests for streaming-session APIs.")
    parser.add_argument("--version", action="version", version=f"streamsoak {version('streamsoak')}")
    chosen = parser.add_subparsers(dest="subcommand", required=True, metavar="SUBCOMMAND")
    for name in SUBCOMMANDS:
        module = import_module(f"{__package__}.{name}")
        module.configure(chosen.add_parser(name, help=module.HELP, description=module.HELP))
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one subcommand; returns the exit code."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # A terminal with a small character set shows "?" instead of raising an error.
            stream.reconfigure(errors="replace")
    parsed = build_parser().parse_args(arguments)
    try:
        return int(import_module(f"{__package__}.{parsed.subcommand}").run(parsed))
    except InputError as error:
        print(error, file=sys.stderr)
        return error.code
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED
    except BrokenPipeError:
        # The reader of the pipe has closed it, `head` for example: the rest of the output is discarded.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as error:  # noqa: BLE001 - the outermost frame turns every error into an exit code
        return _report_error(error, getattr(parsed, "run", "a file"))


def _report_error(error: Exception, file: object) -> int:
    if isinstance(error, OSError) and error.errno in _SYSTEM_ERRORS:
        print(f"{error.filename or file}: cannot be read or written: {error.strerror}", file=sys.stderr)
        return EXIT_UNAVAILABLE
    # Python's own exit code for an exception is 1, which means here that a gate failed.
    traceback.print_exception(error)
    print("Internal error: this is a bug in streamsoak, please report it.", file=sys.stderr)
    return EXIT_DEFECT


if __name__ == "__main__":
    sys.exit(main())
