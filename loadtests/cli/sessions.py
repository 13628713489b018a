"""`streamsoak sessions`."""

from __future__ import annotations

import argparse
import contextlib
import json
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from loadtests.cli.account_arguments import account_route, add_host, listing_api
from loadtests.cli.arguments import add_rate, add_run_dir, at_least, duration
from loadtests.model.text.input_error import (
    EXIT_FAIL,
    EXIT_INTERRUPTED,
    EXIT_PASS,
    EXIT_UNAVAILABLE,
    EXIT_UNKNOWN,
    InputError,
)
from loadtests.model.text.units import format_duration
from loadtests.model.text.wording import count, of_total

if TYPE_CHECKING:
    from loadtests.cleanup.account_client import AccountClient
    from loadtests.cleanup.closing import ClosingResult
    from loadtests.model.api.description.description import ApiDescription
    from loadtests.observing.session_list import SessionList

HELP = "List the open sessions of an account, or close some of them by hand."
_LIST = "List the account's open sessions, the oldest first."
_CLOSE = (
    "Close sessions, after a confirmation. Exit code 0 none of them is open, 1 some could not be closed, 2 inconclusive, 64"
    " nothing was closed."
)
_MOST_SHOWN = 20


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare `list` and `close`."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    listing = actions.add_parser("list", help=_LIST, description=_LIST)
    add_host(listing)
    listing.add_argument("--json", action="store_true", help="print the result as JSON, and nothing else")
    closing = actions.add_parser("close", help=_CLOSE, description=_CLOSE)
    about = "ids of the sessions, or beginnings of ids of at least 4 characters"
    closing.add_argument("ids", nargs="*", metavar="ID", help=about)
    about = "close the sessions that were created more than TIME ago"
    closing.add_argument("--older-than", type=duration, metavar="TIME", help=about)
    closing.add_argument("--yes", action="store_true", help="do not ask; required without a terminal")
    closing.add_argument("--max", type=int, metavar="N", help="close none if there are more than N to close")
    add_host(closing)
    add_rate(closing)
    add_run_dir(closing, "parent of the file that records what was closed (default: %(default)s)")


def run(arguments: argparse.Namespace) -> int:
    """List or close sessions."""
    return _list(arguments) if arguments.action == "list" else _close(arguments)


def _list(arguments: argparse.Namespace) -> int:
    api = listing_api(arguments)
    account, host = _account(arguments, api, 1.0)
    found = _read(account, api, host)
    ordered = sorted(found.sessions.items(), key=lambda pair: pair[1] or float("inf"))
    now = time.time()
    if arguments.json:
        rows = [
            {
                "session_id": session_id,
                "created_at": created or None,
                "age": round(now - created, 1) if created else None,
                "state": found.states.get(session_id),
            }
            for session_id, created in ordered
        ]
        print(json.dumps({"host": host, "open": len(rows), "sessions": rows}, indent=1))
    else:
        _print_list(host, ordered, found, now)
    return EXIT_PASS


def _print_list(host: str, ordered: list[tuple[str, float]], found: SessionList, now: float) -> None:
    from loadtests.cli.table import Table, open_console, print_table
    from loadtests.cli.terminal import shorten

    console = open_console()
    ids = [session_id for session_id, _ in ordered]
    # A pipe has room for whole ids.
    short = shorten(ids) if console.is_terminal else {full: full for full in ids}
    table = Table(("id", "age", "state"))
    for session_id, created in ordered:
        age = format_duration(now - created) if created else "unknown"
        table.add(_printable(short[session_id]), age, _printable(found.states.get(session_id, "")))
    if ids:
        print_table(console, table)
    if console.is_terminal or not ids:
        print(f"{host}: {count(len(ids), 'open session')}", file=sys.stdout if console.is_terminal else sys.stderr)


def _close(arguments: argparse.Namespace) -> int:
    from loadtests.cleanup.closing import ClosingLedger, close_sessions, named, older_than

    if bool(arguments.ids) == (arguments.older_than is not None):
        raise InputError.of("ID", "is required, or --older-than, but not both")
    at_least(0, "--max", arguments.max)
    api = listing_api(arguments)
    _require_plain_stop(api)
    account, host = _account(arguments, api, arguments.rate)
    listed = _read(account, api, host).sessions
    if arguments.ids:
        chosen, unknown = named(listed, arguments.ids)
    else:
        chosen, unknown = older_than(listed, arguments.older_than, time.time()), []
        if undated := sum(not created for created in listed.values()):
            print(
                f"{count(undated, 'session')} without created_at: the age is unknown, so not among those to be closed."
            )
    for name in unknown:
        print(f"{_printable(name)} is not listed: already closed, or never a session of this account.")
    if not chosen:
        print(f"{host}: none of {count(len(listed), 'open session')} is to be closed.")
        return EXIT_PASS
    _confirm(arguments, host, chosen, len(listed))
    ledger = ClosingLedger(arguments.run_dir, host)
    with contextlib.closing(ledger):
        ledger.intent(chosen, len(listed))
        with _interruptible() as is_interrupted:
            result = close_sessions(account, chosen, ledger, is_interrupted)
    result.gone += unknown
    _print_result(result)
    print(f"Recorded in {ledger.path}")
    if result.untried:
        return EXIT_INTERRUPTED
    if result.refused:
        return EXIT_FAIL
    return EXIT_UNKNOWN if result.doubt else EXIT_PASS


@contextlib.contextmanager
def _interruptible() -> Iterator[Callable[[], bool]]:
    """Yields whether Ctrl-C was pressed: a session whose stop was sent is recorded first. A second one ends it at once."""
    import signal

    pressed: list[int] = []

    def press(number: int, _: object) -> None:
        if pressed:
            raise KeyboardInterrupt
        pressed.append(number)

    before = signal.signal(signal.SIGINT, press)
    try:
        yield lambda: bool(pressed)
    finally:
        signal.signal(signal.SIGINT, before)


def _account(arguments: argparse.Namespace, api: ApiDescription, rate: float) -> tuple[AccountClient, str]:
    """Returns a client for the account, and the address."""
    from loadtests.cleanup.account_client import AccountClient
    from loadtests.http.key import api_key

    route = account_route(arguments, api)
    return AccountClient(route, api, api_key(api), rate), route.origin.url


def _read(account: AccountClient, api: ApiDescription, host: str) -> SessionList:
    """Returns the open sessions. Raises InputError."""
    from loadtests.http.failure import in_words
    from loadtests.http.key import key_variables
    from loadtests.model.api.answer import Reason
    from loadtests.observing.list_observer import ListRefusedError, UnreachableError

    try:
        return account.session_list()
    except UnreachableError as error:
        raise InputError.of(host, f"cannot be reached: {in_words(error)}", code=EXIT_UNAVAILABLE) from None
    except ListRefusedError as error:
        if error.reason is Reason.UNAUTHORIZED:
            variable = " or ".join(key_variables(api))
            raise InputError.of(variable, f"was rejected by the API ({error})") from None
        raise InputError.of(host, f"the list cannot be read: {error}", code=EXIT_UNKNOWN) from None
    except ValueError as error:
        raise InputError.of(host, f"the list cannot be read: {error}", code=EXIT_UNKNOWN) from None


def _require_plain_stop(api: ApiDescription) -> None:
    """Raises InputError if the call that closes a session needs what only its opener has."""
    from loadtests.model.api.description.template import KEPT, TOKEN
    from loadtests.model.api.operation import Operation

    stop = api.calls[Operation.STOP]
    if stop.auth == "token" or any(name == TOKEN or name.startswith(KEPT) for name in stop.fields):
        raise InputError.of("--api", f"{api.name}: only the client that opened a session has what closing it requires")


def _confirm(arguments: argparse.Namespace, host: str, chosen: Mapping[str, float], account_open: int) -> None:
    """Shows what is to be closed, and asks. Raises InputError if the answer is not yes, or nobody can be asked."""
    if arguments.max is not None and len(chosen) > arguments.max:
        message = f"{count(len(chosen), 'session')} would be closed, of {account_open:,} open; none was closed"
        raise InputError.of("--max", message)
    now = time.time()
    for session_id, created in list(chosen.items())[:_MOST_SHOWN]:
        age = f"open for {format_duration(max(0.0, now - created))}" if created else "age unknown"
        print(f"  {_printable(session_id)}  {age}")
    if (more := len(chosen) - _MOST_SHOWN) > 0:
        print(f"  and {count(more, 'more session')}")
    what = f"{host}: {of_total(len(chosen), account_open, 'open session')} to be closed."
    print(what, flush=True)
    if arguments.yes:
        return
    if not sys.stdin.isatty():
        raise InputError.of("--yes", "is required without a terminal; none was closed")
    if input("Close them? [y/N] ").strip().lower() not in ("y", "yes"):
        raise InputError.of("sessions close", "not confirmed; none was closed")


def _print_result(result: ClosingResult) -> None:
    done = f"{count(len(result.closed), 'session')} closed, {len(result.gone):,} already closed"
    print(f"{done}, {len(result.refused):,} could not be closed.")
    for session_id, why in list(result.refused.items())[:_MOST_SHOWN]:
        print(f"  still open: {_printable(session_id)}: {why}")
    if result.untried:
        print(f"{count(len(result.untried), 'session')} not tried.")
    if result.doubt:
        print(f"Inconclusive: {result.doubt}.")


def _printable(text: Any) -> str:
    """A text of the API without what would move the cursor."""
    return "".join(character if character.isprintable() else "?" for character in str(text))
