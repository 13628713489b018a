"""The settings of a watch, out of its arguments."""

from __future__ import annotations

import argparse
import math

from loadtests.cli.account_arguments import account_route, listing_api
from loadtests.cli.arguments import at_least
from loadtests.model.run.watch_terms import AlertRules, WatchTerms
from loadtests.model.text.input_error import InputError
from loadtests.model.text.units import format_duration
from loadtests.monitoring.watch import WatchSettings

_LEAST_EVERY = 1.0


def watch_settings(arguments: argparse.Namespace) -> WatchSettings:
    """Returns the settings. Raises InputError."""
    api = listing_api(arguments)
    for name in ("limit", "budget", "alert_overdue"):
        at_least(1, _option(name), getattr(arguments, name))
    for name in ("idle", "cap", "duration", "alert_age", "alert_unreachable"):
        value = getattr(arguments, name)
        if value is not None and value <= 0:
            raise InputError.of("--for" if name == "duration" else _option(name), f"must be more than 0 (is {value:g})")
    if arguments.every < _LEAST_EVERY:
        least = format_duration(_LEAST_EVERY)
        raise InputError.of("--every", f"must be {least} or more (is {format_duration(arguments.every)})")
    has_expectation = arguments.idle or arguments.cap or (api.list and api.list.idle_timeout is not None)
    if arguments.alert_overdue is not None and not has_expectation:
        raise InputError.of("--alert-overdue", "requires --idle or --cap: the list does not say an idle timeout")
    terms = WatchTerms(
        every=arguments.every,
        budget=arguments.budget,
        idle=arguments.idle,
        cap=arguments.cap,
        alerts=AlertRules(
            open=None if arguments.alert_open is None else open_threshold(arguments.alert_open, arguments.limit),
            age=arguments.alert_age,
            overdue=arguments.alert_overdue,
            unreachable=arguments.alert_unreachable,
        ),
    )
    duration = 0.0 if arguments.once else arguments.duration
    return WatchSettings(account_route(arguments, api), api, terms, arguments.limit, duration)


def open_threshold(text: str, limit: int | None) -> int:
    """Returns the sessions of --alert-open: N, or a percentage of `limit`, rounded up. Raises InputError."""
    number, percent, rest = text.partition("%")
    try:
        value = float(number) if percent else int(number)
    except ValueError:
        value = 0
    if rest or not 0 < value < math.inf:
        raise InputError.of("--alert-open", f"must be a number of sessions, or for example 90% (is {text!r})")
    if not percent:
        return int(value)
    if limit is None:
        raise InputError.of("--alert-open", f"{text} requires --limit: the account's concurrency limit")
    # 35 % of 20 is 7.000000000000001 in binary.
    return max(1, math.ceil(round(limit * value / 100, 9)))


def _option(name: str) -> str:
    return f"--{name.replace('_', '-')}"
