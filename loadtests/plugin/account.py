"""Checks the account before a run: sessions on a host other than this machine cost money and slots."""

from __future__ import annotations

import argparse
import contextlib
from collections.abc import Iterable

from loadtests.http.client import HttpClient
from loadtests.http.route import Route
from loadtests.model.api.description.default import default_api
from loadtests.model.api.description.description import ApiDescription
from loadtests.model.people.profile import Profile
from loadtests.model.run.guard import Guard
from loadtests.model.text.input_error import InputError, Mistake
from loadtests.model.text.wording import count, verb
from loadtests.observing.list_observer import listed_sessions

_SECONDS = 10.0
SANDBOX_TITLE = "as the sandbox serves it"
"""A part of the title of the sandbox's API description."""


def is_real(route: Route, options: argparse.Namespace) -> bool:
    """Whether the guards for real accounts apply: to all but this machine, and with --real or --rehearse-guards to it.

    Behind a proxy, even an address of this machine is one of another.
    """
    return bool(options.rehearse_guards or options.real) or not route.is_loopback


def guard_of(options: argparse.Namespace) -> Guard:
    """Returns the guard that the options set. Raises InputError."""
    if options.max_open is not None and options.max_open < 1:
        raise InputError.of("--max-open", f"must be 1 or more (is {options.max_open})")
    if options.max_session_minutes is not None and not options.max_session_minutes > 0:
        raise InputError.of("--max-session-minutes", f"must be more than 0 (is {options.max_session_minutes:g})")
    return Guard(options.max_open, options.max_session_minutes)


def require_consent(route: Route, options: argparse.Namespace, profiles: Iterable[Profile], *, has_plan: bool) -> None:
    """Raises InputError with every option that a run on a real account still requires.

    `has_plan`: the session-minutes are known beforehand.
    """
    mistakes = []
    if options.max_open is None:
        mistakes.append(
            Mistake("--max-open", "", "is required on a real account: the largest number of sessions open at once")
        )
    if options.max_session_minutes is None and not has_plan:
        mistakes.append(
            Mistake(
                "--max-session-minutes", "", "is required without a scenario: the use of the run cannot be estimated"
            )
        )
    leaky = sorted(profile.name for profile in profiles if profile.leaving.leaks)
    if leaky and not options.allow_leaks:
        message = (
            f"is required: {', '.join(leaky)} {verb(len(leaky), 'leaves', 'leave')} sessions open on a real account"
        )
        mistakes.append(Mistake("--allow-leaks", "", message))
    if mistakes and route.proxy and route.origin.is_loopback:
        message = (
            f"requests to {route.origin.host} go through the proxy {route.proxy.authority}, so the account counts as real; with"
            f" NO_PROXY={route.origin.host} they do not"
        )
        mistakes.append(Mistake(route.proxy.variable, "", message))
    if mistakes:
        raise InputError(mistakes)


def require_no_others(route: Route, api: ApiDescription, key: str, options: argparse.Namespace) -> None:
    """Raises InputError if a host on this machine has sessions of others and is not a sandbox of ours.

    It may be a port-forward or a proxy before a real account, to which no guard would apply. A host that cannot be listed is no
    such account.
    """
    if options.shared_account:
        return
    try:
        found = _open_sessions(route, api, key)
    except (ValueError, OSError):
        return
    if found and not _is_sandbox(route):
        raise InputError.of(
            route.origin.url,
            f"has {count(found, 'open session')} of others: use --real if it leads to a real account, so that the guards"
            " apply, or --shared-account to run anyway",
        )


def require_empty(route: Route, api: ApiDescription, key: str, options: argparse.Namespace) -> None:
    """Raises InputError if the account has open sessions or cannot be listed, unless --shared-account is given."""
    if options.shared_account:
        return
    host = route.origin.url
    try:
        found = _open_sessions(route, api, key)
    except (ValueError, OSError) as error:
        raise InputError.of(
            host, f"its sessions cannot be listed ({error}); use --shared-account to run without the list"
        ) from None
    if found:
        raise InputError.of(
            host, f"the account has {count(found, 'open session')} of others; use --shared-account to run anyway"
        )


def _open_sessions(route: Route, api: ApiDescription, key: str) -> int:
    """Returns the number of sessions that the account lists. Raises ValueError or OSError with the reason if it cannot."""
    with contextlib.closing(HttpClient(route, api, key, _SECONDS)) as client:
        return len(listed_sessions(client, api, key))


def _is_sandbox(route: Route) -> bool:
    """Whether a host is a sandbox of this program."""
    with contextlib.closing(HttpClient(route, default_api(), "", _SECONDS)) as client:
        return SANDBOX_TITLE in client.get("/openapi.json").body.decode(errors="replace")
