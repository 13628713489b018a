"""`streamsoak sandbox`."""

from __future__ import annotations

import argparse
import math
from pathlib import Path
from typing import TYPE_CHECKING

from loadtests.cli.arguments import add_account, add_defects, at_least, duration, idle_range
from loadtests.defects.catalogue import parse_defects
from loadtests.model.api.rules import REMEMBERED, OpenBehaviour, Terms
from loadtests.model.text.input_error import InputError
from loadtests.model.text.units import read_duration

if TYPE_CHECKING:
    from loadtests.model.api.description.description import ApiDescription

HELP = "Serve the API on this machine, following its documentation."


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    parser.add_argument("--port", type=int, default=0, help="port to listen on (default: a free one)")
    add_account(parser)
    parser.add_argument(
        "--session-cap",
        metavar="TIME",
        help="longest duration of a session; none: no limit (default: the API's; 3600 for konpro)",
    )
    parser.add_argument(
        "--log", type=Path, metavar="FILE", help="write each change of a session to FILE, as lines of JSON"
    )
    parser.add_argument(
        "--remember",
        type=int,
        default=REMEMBERED,
        metavar="N",
        help="closed sessions to keep in memory, for answers to calls on them and for the history; a call on an older one is"
        " answered like one on an unknown session (default: %(default)s)",
    )
    parser.add_argument("--parent-pipe", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--journal", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--zero", type=float, default=0.0, help=argparse.SUPPRESS)
    parser.add_argument("--seed", type=int, default=0, help=argparse.SUPPRESS)
    add_defects(parser)
    _add_choices(parser)


def _add_choices(parser: argparse.ArgumentParser) -> None:
    """Declare options for behaviour that the documentation leaves open."""
    choices = parser.add_argument_group("behaviour that the API's documentation leaves open")
    choices.add_argument(
        "--closed-answer",
        choices=("400", "404", "200"),
        default="400",
        help="answer to a call on a closed session: HTTP 400 with code 10005, 404 with 10006 or 200 with 10005"
        " (default: %(default)s)",
    )
    choices.add_argument(
        "--out-of-range",
        choices=("refuse", "clamp"),
        default="refuse",
        help="idle timeouts out of range: refuse them, or clamp them to the range (default: %(default)s)",
    )
    choices.add_argument("--stop-again", action="store_true", help="let a second stop succeed")
    choices.add_argument(
        "--slot-lag",
        type=duration,
        default=0.0,
        metavar="TIME",
        help="delay between stop and the release of the slot (default: 0)",
    )
    choices.add_argument(
        "--new-is-not-kept-alive", action="store_true", help="ignore keep_alive while the status is new"
    )
    choices.add_argument(
        "--retry-after", type=duration, default=0.0, metavar="TIME", help="send Retry-After with refusals for the limit"
    )
    choices.add_argument("--no-list", action="store_true", help="answer the list call with 404")


def run(arguments: argparse.Namespace) -> int:
    """Serve until interrupted."""
    from loadtests.http.key import api_key, has_key
    from loadtests.sandbox.serve import Serving, serve

    at_least(1, "--limit", arguments.limit)
    at_least(0, "--remember", arguments.remember)
    api = _api(arguments.api)
    # Not given is not the same as empty, which is a mistake, as of a variable that is not set.
    cap = api.session_cap if arguments.session_cap is None else session_cap(arguments.session_cap)
    if not 0 <= arguments.port <= 65535:
        raise InputError.of("--port", f"must be 0 to 65535 (is {arguments.port})")
    given = arguments.idle_range
    low, high = api.idle_timeout.range if given is None else idle_range(given)
    idle_default = min(max(api.idle_timeout.default, low), high)
    terms = Terms(
        arguments.limit,
        (low, high),
        idle_default,
        cap,
        _choices(arguments),
        api.activity,
        remembered=arguments.remember,
    )
    key = api_key(api) if has_key(api) else None
    served = Serving(
        arguments.host,
        arguments.port,
        terms,
        key,
        arguments.log,
        arguments.parent_pipe,
        arguments.journal,
        arguments.zero,
        parse_defects(arguments.defect),
        arguments.seed,
        api,
    )
    serve(served)
    return 0


def _api(text: str) -> ApiDescription:
    """The API of --api: a name, a file, or, from a process of ours, the description itself."""
    from loadtests.model.api.description.default import default_api
    from loadtests.model.api.description.description import ApiDescription
    from loadtests.scenarios.catalogue import named_api

    if text.startswith("{"):
        return ApiDescription.model_validate_json(text)
    return named_api(text) if text else default_api()


def _choices(arguments: argparse.Namespace) -> OpenBehaviour:
    for option in ("slot_lag", "retry_after"):
        seconds = getattr(arguments, option)
        if not 0 <= seconds < math.inf:
            raise InputError.of(f"--{option.replace('_', '-')}", f"must be 0 seconds or more (is {seconds:g})")
    return OpenBehaviour(
        closed=arguments.closed_answer,
        clamps=arguments.out_of_range == "clamp",
        stops_again=arguments.stop_again,
        slot_lag=arguments.slot_lag,
        new_counts=not arguments.new_is_not_kept_alive,
        retry_after=arguments.retry_after,
        lists=not arguments.no_list,
    )


def session_cap(text: str) -> float | None:
    """Returns the cap in seconds, None for "none"; raises InputError."""
    if text == "none":
        return None
    try:
        seconds = read_duration(text)
    except ValueError:
        seconds = math.nan
    if not 0 < seconds < math.inf:
        raise InputError.of(
            "--session-cap", f"must be a duration of more than 0, for example 3600 or 1h, or none (is {text!r})"
        )
    return seconds
