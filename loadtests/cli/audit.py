"""`streamsoak audit`."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from loadtests.cli.arguments import add_account, add_defects, add_run_dir, at_least, duration, idle_range, share
from loadtests.defects.account import check_fit
from loadtests.defects.catalogue import DEFECTS, parse_defect, parse_defects
from loadtests.defects.defect import Injected
from loadtests.model.text.input_error import InputError

if TYPE_CHECKING:
    from loadtests.interception.policy import Policy
    from loadtests.model.api.description.description import ApiDescription
    from reports.summary import Analysis

HELP = (
    "Run a client against the sandbox and report what it left open. Exit code 0 pass, 1 fail, 2 inconclusive; if the audit"
    " passes and the program failed, the program's."
)

_FILES = {
    "json": "JSON, in the format of summary.json",
    "junit": "JUnit XML",
    "markdown": "Markdown",
    "sarif": "SARIF 2.1.0",
}
"""Options that name a file, with its format."""
_SHORT = {"fail-start": "fail-start", "fail-new": "fail-new", "lose-answer": "lost-answer"}
"""Options for single defects, with the defect's name."""


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    add_account(parser)
    for name, about in _FILES.items():
        parser.add_argument(f"--{name}", type=Path, metavar="FILE", help=f"also write the result to FILE as {about}")
    parser.add_argument(
        "--wait",
        type=duration,
        default="1m",
        metavar="TIME",
        help="if the command leaves processes running: how long they may make no call before they are stopped"
        " (default: %(default)s)",
    )
    parser.add_argument("--quick", action="store_true", help="do not wait for the API to reap what is left open")
    parser.add_argument(
        "--ignore-exit-code", action="store_true", help="exit with 0 if the audit passes, although the program failed"
    )
    add_run_dir(parser)
    _add_interception(parser)
    for name, defect in _SHORT.items():
        about = f"short for --defect {defect}=P: {DEFECTS[defect].about}"
        parser.add_argument(f"--{name}", type=share, default=0.0, metavar="P", help=about)
    add_defects(parser)
    parser.add_argument(
        "--seed", type=int, default=0, metavar="N", help="random seed for defects (default: %(default)s)"
    )
    parser.add_argument(
        "command",
        nargs=argparse.REMAINDER,
        metavar="-- COMMAND...",
        help="client to run; STREAMSOAK_BASE_URL (and KONPRO_BASE_URL) holds the sandbox's address, KONPRO_API_KEY and the API's"
        " own variables an API key",
    )


def _add_interception(parser: argparse.ArgumentParser) -> None:
    """Declare the options for programs that have the API's address hard-coded."""
    group = parser.add_argument_group("programs with a fixed address")
    group.add_argument(
        "--intercept",
        action="store_true",
        help="answer requests to the API's real address from the sandbox, by a proxy and a certificate for this audit only;"
        " any key is accepted",
    )
    group.add_argument(
        "--allow-host",
        action="append",
        default=[],
        metavar="HOST",
        help="with --intercept: another host that the program may reach, *.HOST for all below it, or * for all (repeatable;"
        " default: none but this machine)",
    )
    group.add_argument(
        "--browser-args",
        action="store_true",
        help="with --intercept: print the flags with which Chromium uses the proxy; a program finds them in"
        " STREAMSOAK_BROWSER_ARGS",
    )


def run(arguments: argparse.Namespace) -> int:
    """Audit the client and print the result."""
    from loadtests.audit.audit import AuditSettings, run_audit
    from loadtests.cli.announce import announce
    from loadtests.cli.check import exit_code
    from loadtests.cli.terminal import print_audit
    from loadtests.model.api.description.default import default_api
    from loadtests.model.api.rules import Terms
    from loadtests.scenarios.catalogue import named_api
    from reports.build import PAGE, build_report, write_summary

    command = arguments.command[1:] if arguments.command[:1] == ["--"] else arguments.command
    _check(arguments)
    defects = (*_short_defects(arguments), *parse_defects(arguments.defect))
    check_fit(Terms(arguments.limit), defects)
    api = named_api(arguments.api) if arguments.api else default_api()
    settings = AuditSettings(
        tuple(command),
        arguments.run_dir,
        arguments.limit,
        arguments.idle_range,
        defects,
        arguments.seed,
        arguments.quick,
        api,
        arguments.wait,
        _interception(arguments, api),
        arguments.browser_args,
    )
    audited = run_audit(settings, lambda line: print(line, file=sys.stderr, flush=True))
    # A report of the audit so far, which someone made while it ran, is replaced.
    analysis = (build_report if (audited.folder / PAGE).exists() else write_summary)(audited.folder)
    _write_files(arguments, analysis, audited.folder)
    announce(analysis)
    print_audit(analysis, audited.folder)
    code = exit_code(analysis.verdict.result)
    if code or not audited.code or arguments.ignore_exit_code:
        return code
    print(f"The audit passed; its exit code is the program's, {_shell_code(audited.code)}.")
    return _shell_code(audited.code)


def _shell_code(code: int) -> int:
    """Returns the exit code as shells have it: 128 + N for signal N."""
    return 128 - code if code < 0 else code


def _check(arguments: argparse.Namespace) -> None:
    at_least(1, "--limit", arguments.limit)
    for name in _FILES:
        path: Path | None = getattr(arguments, name)
        if path and not path.absolute().parent.is_dir():
            raise InputError.of(f"--{name}", f"{path} cannot be written: no such directory")
    if arguments.idle_range is not None:
        idle_range(arguments.idle_range)


def _interception(arguments: argparse.Namespace, api: ApiDescription) -> Policy | None:
    """Returns the hosts of --intercept; None without it."""
    from loadtests.interception.policy import api_policy

    if arguments.intercept:
        return api_policy(api, arguments.allow_host)
    for option in ("--allow-host", "--browser-args"):
        if getattr(arguments, option.strip("-").replace("-", "_")):
            raise InputError.of(option, "needs --intercept")
    return None


def _short_defects(arguments: argparse.Namespace) -> Iterator[Injected]:
    """Yields the defects that have options of their own."""
    for name, defect in _SHORT.items():
        value = float(getattr(arguments, name.replace("-", "_")))
        if value:
            yield parse_defect(f"{defect}={value!r}", f"--{name}")


def _write_files(arguments: argparse.Namespace, analysis: Analysis, folder: Path) -> None:
    from reports.build import SUMMARY, plain
    from reports.output.junit import junit
    from reports.output.markdown import markdown
    from reports.output.sarif import sarif

    formats: dict[str, Callable[[], str]] = {
        "json": lambda: json.dumps(plain(analysis.summary), indent=1) + "\n",
        "junit": lambda: junit(analysis),
        "markdown": lambda: markdown(analysis, ""),
        "sarif": lambda: sarif(analysis, (folder / SUMMARY).as_posix()),
    }
    for name, text in formats.items():
        if path := getattr(arguments, name):
            _write(f"--{name}", path, text())


def _write(option: str, path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise InputError.of(option, f"{path} cannot be written: {error.strerror}") from None
