"""`streamsoak sandbox`."""

from __future__ import annotations

import argparse
import math
import os
from pathlib import Path
from typing import TYPE_CHECKING

from loadtests.defects.catalogue import parse_defects, usage
from loadtests.model.api.rules import SESSION_CAP
from loadtests.model.people.profile import IDLE_DEFAULT, IDLE_RANGE
from loadtests.model.text.input_error import InputError

if TYPE_CHECKING:
    from loadtests.model.api.rules import OpenBehaviour

HELP = "Serve the API locally, by its documented rules."


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    parser.add_argument("--port", type=int, default=0, help="port to listen on; 0 (the default): any that is free")
    parser.add_argument("--limit", type=int, help="the account's limit of concurrent sessions (default: none)")
    parser.add_argument(
        "--idle-range",
        default="{:g}:{:g}".format(*IDLE_RANGE),
        metavar="LOW:HIGH",
        help="idle timeouts that are accepted, in seconds (default: %(default)s)",
    )
    parser.add_argument(
        "--session-cap",
        default=f"{SESSION_CAP:g}",
        metavar="S",
        help="a session's longest duration in seconds; none: no cap (default: %(default)s)",
    )
    parser.add_argument("--log", type=Path, metavar="FILE", help="write what really happens here, a line of JSON each")
    parser.add_argument("--parent-pipe", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--journal", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--zero", type=float, default=0.0, help=argparse.SUPPRESS)
    parser.add_argument("--seed", type=int, default=0, help=argparse.SUPPRESS)
    add_defects(parser)
    _add_choices(parser)


def add_defects(parser: argparse.ArgumentParser) -> None:
    """Declare --defect."""
    parser.add_argument(
        "--defect",
        action="append",
        default=[],
        metavar="NAME[=VALUE]",
        help=f"a way of going wrong (repeatable). {usage()}",
    )


def _add_choices(parser: argparse.ArgumentParser) -> None:
    """What the documentation does not say, and a real API may do otherwise."""
    silent = parser.add_argument_group("where the documentation is silent")
    silent.add_argument(
        "--closed-answer",
        choices=("400", "404", "200"),
        default="400",
        help="what a call on a closed session gets: HTTP 400 with code 10005, 404 with 10006, 200 with 10005"
        " (default: %(default)s)",
    )
    silent.add_argument(
        "--out-of-range",
        choices=("refuse", "clamp"),
        default="refuse",
        help="what an idle timeout out of range gets: an error, or it is brought into the range (default: %(default)s)",
    )
    silent.add_argument("--stop-again", action="store_true", help="a second stop succeeds, as the first did")
    silent.add_argument(
        "--slot-lag", type=float, default=0.0, metavar="S", help="a slot is free so long after stop (default: 0)"
    )
    silent.add_argument(
        "--new-is-not-kept-alive", action="store_true", help="keep_alive does not count while the status is new"
    )
    silent.add_argument(
        "--retry-after", type=float, default=0.0, metavar="S", help="send Retry-After with the limit's refusals"
    )
    silent.add_argument("--no-list", action="store_true", help="there is no list call (404)")


def run(arguments: argparse.Namespace) -> int:
    """Serve until interrupted."""
    from loadtests.model.api.rules import Terms
    from loadtests.sandbox.serve import Serving, serve

    if arguments.limit is not None and arguments.limit < 1:
        raise InputError.of("--limit", f"must be 1 or more (is {arguments.limit})")
    cap = session_cap(arguments.session_cap)
    if not 0 <= arguments.port <= 65535:
        raise InputError.of("--port", f"must be 0 to 65535 (is {arguments.port})")
    low, high = idle_range(arguments.idle_range)
    idle_default = min(max(IDLE_DEFAULT, low), high)
    terms = Terms(arguments.limit, (low, high), idle_default, cap, _choices(arguments))
    key = os.environ.get("KONPRO_API_KEY") or None
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
    )
    serve(served)
    return 0


def _choices(arguments: argparse.Namespace) -> OpenBehaviour:
    from loadtests.model.api.rules import OpenBehaviour

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
        seconds = float(text)
    except ValueError:
        seconds = math.nan
    if not 0 < seconds < math.inf:
        raise InputError.of("--session-cap", f"must be seconds, more than 0, or none (is {text!r})")
    return seconds


def idle_range(text: str) -> tuple[float, float]:
    """The bounds in LOW:HIGH; raises InputError."""
    low, _, high = text.partition(":")
    try:
        bounds = float(low), float(high)
    except ValueError:
        bounds = math.nan, math.nan
    if not 0 < bounds[0] <= bounds[1] < math.inf:
        raise InputError.of("--idle-range", f"must be LOW:HIGH in seconds, for example 30:3599 (is {text!r})")
    return bounds
