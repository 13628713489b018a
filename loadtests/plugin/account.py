"""The account before a run: a host that is not this machine costs somebody money and slots."""

from __future__ import annotations

import argparse
from collections.abc import Iterable

import requests

from loadtests.http.origin import Origin
from loadtests.model.api.surface import Operation, Surface
from loadtests.model.people.profile import Profile
from loadtests.model.run.guard import Guard
from loadtests.model.text.input_error import InputError, Mistake
from loadtests.observing.list_observer import listed_sessions

_SECONDS = 10.0


def is_real(host: str, options: argparse.Namespace) -> bool:
    """Whether the guards of real accounts hold; --rehearse-guards says so of this machine too."""
    return bool(options.rehearse_guards) or not Origin.parse(host).is_loopback


def guard_of(options: argparse.Namespace) -> Guard:
    """The guard that the options ask for; raises InputError."""
    if options.max_open is not None and options.max_open < 1:
        raise InputError.of("--max-open", f"must be 1 or more (is {options.max_open})")
    if options.max_session_minutes is not None and not options.max_session_minutes > 0:
        raise InputError.of("--max-session-minutes", f"must be more than 0 (is {options.max_session_minutes:g})")
    return Guard(options.max_open, options.max_session_minutes)


def require_consent(options: argparse.Namespace, profiles: Iterable[Profile], *, foretold: bool) -> None:
    """Raises InputError with everything that a run on a real account still needs to be told."""
    mistakes = []
    if options.max_open is None:
        mistakes.append(Mistake("--max-open", "", "is missing: how many sessions may this run have open at once?"))
    if options.max_session_minutes is None and not foretold:
        mistakes.append(
            Mistake(
                "--max-session-minutes",
                "",
                "is missing: without a scenario nobody can say beforehand what the run uses",
            )
        )
    leaky = sorted(profile.name for profile in profiles if profile.leaving.leaks)
    if leaky and not options.allow_leaks:
        said = f"is missing: {', '.join(leaky)} would leave sessions open on an account that costs money"
        mistakes.append(Mistake("--allow-leaks", "", said))
    if mistakes:
        raise InputError(mistakes)


def require_empty(host: str, surface: Surface, key: str, options: argparse.Namespace) -> None:
    """Raises InputError if the account has sessions already, or cannot be looked at, unless --shared-account says yes."""
    if options.shared_account:
        return
    path = surface.path(Operation.LIST)
    try:
        if not path:
            raise ValueError("the API under test has no list call")
        origin = Origin.parse(host)
        found = listed_sessions(f"{origin.url}{path}", key, _SECONDS, surface.session_id)
    except (requests.RequestException, ValueError, OSError) as error:
        raise InputError.of(
            host, f"its sessions cannot be listed ({error}); --shared-account goes on without knowing whose they are"
        ) from None
    if found:
        raise InputError.of(
            host,
            f"the account has {len(found)} sessions open that are not this run's; --shared-account goes on all the same",
        )
