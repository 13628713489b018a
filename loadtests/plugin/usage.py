"""Ends a wrong use of Locust's options with the exit code for invalid input: Locust's own codes are those of a verdict here."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from typing import Any, NoReturn

from locust import User

from loadtests.model.text.command_line import in_our_words
from loadtests.model.text.input_error import EXIT_MISTAKE
from loadtests.model.text.suggestion import nearest
from loadtests.scenarios.catalogue import scenario_files

_PROGRAM = "locust"


def check_usage(parser: argparse.ArgumentParser) -> None:
    """Makes `parser` report a wrong use as invalid input, also where Locust notices it only after parsing."""
    parse = parser.parse_args

    def error(message: str) -> NoReturn:
        options = [option for action in parser._actions for option in action.option_strings]
        parser.exit(EXIT_MISTAKE, f"{_PROGRAM}: {in_our_words(message, options)}\n(see {_PROGRAM} --help)\n")
        raise AssertionError("unreachable")

    def parse_args(*arguments: Any, **others: Any) -> argparse.Namespace:
        options: argparse.Namespace = parse(*arguments, **others)
        for message in mistakes(options):
            error(message)
        # Locust's tables, every two seconds, would bury the progress of the run.
        options.only_summary = options.only_summary or not options.print_stats
        return options

    parser.error = error  # type: ignore[method-assign]
    parser.parse_args = parse_args  # type: ignore[assignment]


def mistakes(options: argparse.Namespace) -> Iterator[str]:
    """Yields what Locust would refuse with exit code 1 or 255."""
    known = set(_loaded(User))
    yield from (_no_such_class(name, known) for name in options.user_classes if known and name not in known)
    if options.autoquit != -1 and not options.autostart:
        yield "--autoquit requires --autostart"
    if options.master and options.worker:
        yield "--master cannot be used with --worker"
    if options.processes is not None and options.master:
        yield "--processes cannot be used with --master: it is the master already"
    if options.processes is not None and (options.processes < -1 or options.processes == 0):
        yield f"--processes must be 1 or more, or -1 for one per core (is {options.processes})"
    if options.master and options.expect_workers < 1:
        yield f"--expect-workers must be 1 or more (is {options.expect_workers})"
    if options.web_base_path and not options.web_base_path.startswith("/"):
        yield f"--web-base-path must begin with a slash (is {options.web_base_path!r})"
    if options.num_users is not None and options.num_users < 0:
        yield f"--users must be 0 or more (is {options.num_users})"


def _no_such_class(name: str, known: set[str]) -> str:
    if name.endswith(".toml") or name in {file.stem for file in scenario_files()}:
        return f"a scenario comes before the options: streamsoak run {name} …, or locust --scenario {name} …"
    return f"no User class {name!r}{nearest(name, known)} (known: {', '.join(sorted(known))})"


def _loaded(base: type[User]) -> Iterator[str]:
    """Yields the names of the User classes of the locustfiles."""
    for user_class in base.__subclasses__():
        if not user_class.abstract:
            yield user_class.__name__
        yield from _loaded(user_class)
