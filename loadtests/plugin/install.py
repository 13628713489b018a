"""What a locustfile needs to say: `globals().update(install())`, or no more than to import `loadtests.users`."""

from __future__ import annotations

import sys
from functools import lru_cache

from loadtests.model.text.input_error import InputError
from loadtests.plugin.options import People, read_people
from loadtests.plugin.plugin import Plugin
from loadtests.plugin.user import StreamingUser, user_classes


def install() -> dict[str, type[StreamingUser]]:
    """Register with Locust, and give a User class for each profile, by class name."""
    people = register()
    try:
        return user_classes(people.profiles)
    except InputError as error:
        print(error, file=sys.stderr)
        sys.exit(error.code)


@lru_cache(maxsize=1)
def register() -> People:
    """Declare our options and listen to Locust, once.

    A mistake in a profile or scenario ends the process, with every mistake told on standard error.
    """
    try:
        people = read_people()
    except InputError as error:
        print(error, file=sys.stderr)
        sys.exit(error.code)
    Plugin(people).listen()
    return people
