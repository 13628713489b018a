"""Registers with Locust: a locustfile calls `globals().update(install())`, or imports `loadtests.users`."""

from __future__ import annotations

import sys
from functools import lru_cache

from loadtests.model.text.input_error import InputError
from loadtests.plugin.interrupt import exit_on_interrupt
from loadtests.plugin.options import People, read_people
from loadtests.plugin.plugin import Plugin
from loadtests.plugin.users.user import StreamingUser, user_classes


def install() -> dict[str, type[StreamingUser]]:
    """Registers with Locust; returns a User class per profile, by class name."""
    people = register()
    try:
        return user_classes(people.profiles)
    except InputError as error:
        print(error, file=sys.stderr)
        sys.exit(error.code)


@lru_cache(maxsize=1)
def register() -> People:
    """Declares the options and listens to Locust's events, once.

    Prints mistakes in profiles and scenarios on standard error and ends the process.
    """
    exit_on_interrupt()
    try:
        people = read_people()
    except InputError as error:
        print(error, file=sys.stderr)
        sys.exit(error.code)
    Plugin(people).listen()
    return people
