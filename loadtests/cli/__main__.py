"""The entry point of `streamsoak` and `python -m loadtests.cli`."""

from __future__ import annotations

from loadtests.cli import quiet_start

# isort: split
import argparse
import errno
import io
import os
import sys
import traceback
from collections.abc import Sequence
from importlib import import_module
from itertools import takewhile
from pathlib import Path
from typing import Any, NoReturn

from loadtests.model.text.command_line import in_our_words
from loadtests.model.text.input_error import EXIT_DEFECT, EXIT_INTERRUPTED, EXIT_MISTAKE, EXIT_UNAVAILABLE, InputError
from loadtests.model.text.suggestion import nearest

_SYSTEM_ERRORS = frozenset(
    (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EACCES, errno.EPERM, errno.EIO, errno.EMFILE)
)
"""Errors of the system, such as a full disk; they are not internal errors."""
_PATH_ERRORS = frozenset((errno.ENOENT, errno.ENOTDIR, errno.EISDIR, errno.EEXIST, errno.ENAMETOOLONG, errno.ELOOP))
"""Errors of a path that a user may have named."""
SUBCOMMANDS = (
    *("run", "init", "runs", "sandbox", "audit", "record", "watch", "sessions", "inspect", "simulate"),
    *("report", "check", "compare", "plan", "fit", "sweep", "profiles", "apis", "completion"),
)
"""Modules of this package, in the order of `--help`."""


class _Parser(argparse.ArgumentParser):
    """Reports mistakes with what the user may have meant."""

    def error(self, message: str) -> NoReturn:
        options = [option for action in self._actions for option in action.option_strings]
        self.exit(EXIT_MISTAKE, f"{self.prog}: {in_our_words(message, options)}\n(see {self.prog} --help)\n")
        raise AssertionError("unreachable")

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> tuple[argparse.Namespace, list[str]]:  # type: ignore[override]
        """Also ends at an option that is not known, here and not in the parser of `streamsoak`, which knows no others."""
        parsed, others = super().parse_known_args(args, namespace)
        several = next((action for action in self._actions if action.nargs == "*"), None)
        # argparse takes such arguments only in one place, and not on both sides of an option.
        later = list(takewhile(lambda word: not word.startswith("-"), others)) if several else []
        if several and later:
            converted = [self._converted(several, word) for word in later]
            setattr(parsed, several.dest, [*getattr(parsed, several.dest), *converted])
            others = others[len(later) :]
        if others:
            self.error(f"unrecognized arguments: {' '.join(others)}")
        return parsed, others

    def _converted(self, action: argparse.Action, word: str) -> Any:
        try:
            return self._get_value(action, word)
        except argparse.ArgumentError as error:
            self.error(str(error))

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        if action.choices is not None and value not in action.choices:
            known = list(map(str, action.choices))
            what = f"no {action.metavar.lower()} {value!r}" if isinstance(action.metavar, str) else f"not {value!r}"
            raise argparse.ArgumentError(
                None if isinstance(action.metavar, str) else action,
                f"{what}{nearest(str(value), known)} (known: {', '.join(known)})",
            )


def build_parser(subcommands: Sequence[str] = SUBCOMMANDS) -> argparse.ArgumentParser:
    """Returns the parser of all subcommands, or of some: each one's imports take time."""
    from importlib.metadata import version

    parser = _Parser(prog="streamsoak", description="Load and soak tests for streaming-session APIs.")
    parser.add_argument("--version", action="version", version=f"streamsoak {version('streamsoak')}")
    chosen = parser.add_subparsers(dest="subcommand", required=True, metavar="SUBCOMMAND")
    for name in subcommands:
        module = import_module(f"{__package__}.{name}")
        module.configure(chosen.add_parser(name, help=module.HELP, description=module.HELP))
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one subcommand; returns the exit code."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # A terminal with a small character set shows "?" instead of raising an error.
            stream.reconfigure(errors="replace")
    file: object = "a file"
    parsed = argparse.Namespace()
    try:
        # Within the frame that handles Ctrl-C: the subcommands' imports take a part of a second.
        quiet_start.restore()
        parsed = _parse(sys.argv[1:] if arguments is None else arguments)
        file = getattr(parsed, "run", file)
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
        try:
            _check_logs(parsed)
        except InputError as damage:
            print(damage, file=sys.stderr)
            return damage.code
        return _report_error(error, file)


def _parse(words: Sequence[str]) -> argparse.Namespace:
    match list(words):
        case ["run", *_]:
            from loadtests.cli.run import completed

            return build_parser(["run"]).parse_args(completed(words))
        case [subcommand, *_] if subcommand in SUBCOMMANDS:
            return build_parser([subcommand]).parse_args(words)
    return build_parser().parse_args(words)


def _check_logs(parsed: argparse.Namespace) -> None:
    """Raises InputError if a run that was named has a damaged event log: the cause of what failed."""
    named = [getattr(parsed, name, None) for name in ("base", "run")]
    if runs := [run for run in (*named, *getattr(parsed, "runs", ())) if isinstance(run, Path)]:
        from reports.log.log import check_whole

        for run in runs:
            check_whole(run)


def _report_error(error: Exception, file: object) -> int:
    if isinstance(error, OSError) and (error.errno in _SYSTEM_ERRORS or _is_wrong_path(error)):
        print(f"{error.filename or file}: cannot be read or written: {error.strerror}", file=sys.stderr)
        return EXIT_MISTAKE if _is_wrong_path(error) else EXIT_UNAVAILABLE
    # Python's own exit code for an exception is 1, which means here that a gate failed.
    traceback.print_exception(error)
    print("Internal error: this is a bug in streamsoak, please report it.", file=sys.stderr)
    return EXIT_DEFECT


def _is_wrong_path(error: OSError) -> bool:
    """Whether the error is about a path that the user named: no file or directory of this program is missing."""
    ours = Path(__file__).parents[1]
    return (
        error.errno in _PATH_ERRORS and bool(error.filename) and ours not in Path(os.fsdecode(error.filename)).parents
    )


if __name__ == "__main__":
    sys.exit(main())
