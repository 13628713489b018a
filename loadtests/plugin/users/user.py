"""Locust User classes: one per profile, and the base class for a locustfile's own."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path
from types import FunctionType
from typing import Any, ClassVar

import gevent
import msgspec
from gevent.pool import Group
from locust import User, task

from loadtests.model.people.profile import IDLE_RANGE, Profile, build_profile
from loadtests.model.session.behaviour import Visit
from loadtests.model.session.ending import closing
from loadtests.model.session.person import Person
from loadtests.model.session.session import Session, State
from loadtests.model.session.steps import Behaviour, Closing
from loadtests.model.text.input_error import InputError
from loadtests.plugin.users.placeholder import Placeholder
from loadtests.plugin.users.role import Role
from loadtests.plugin.users.visitor import run_visit
from loadtests.run.process import RunProcess
from loadtests.scenarios.catalogue import load_profiles, profile_files

_NEVER_SECONDS = 3600.0


class StreamingUser(User):
    """A stream of arrivals (open model) or one person (closed model).

    `profile`: a profile's name, a table of its keys, or a Profile. `visit`: an optional generator of a person's actions, called
    with a `Visitor`. `tags`: for Locust's --tags.

    The user sends no requests: the engine does. It takes part in Locust's ramps, shapes and distribution.
    """

    abstract = True
    profile: ClassVar[Profile | str | dict[str, Any]] = {}
    visit: ClassVar[Callable[..., Any] | None] = None
    tags: ClassVar[Iterable[str]] = ()
    _process: RunProcess | None = None
    _number = 0

    def __init_subclass__(cls, **options: Any) -> None:
        """Gives each class a task of its own, to hold its tags."""
        super().__init_subclass__(**options)
        own = FunctionType(_idle.__code__, globals(), "idle")
        own.locust_tag_set = set(cls.tags)  # type: ignore[attr-defined]
        cls.tasks = [task(own)]

    def start(self, group: Group) -> gevent.Greenlet | Placeholder:
        """Joins Locust's `group` of users without a greenlet.

        A class with its own `on_start` or `on_stop` gets a running greenlet, as in Locust.
        """
        if not self._needs_no_greenlet():
            return super().start(group)
        self.on_start()
        self._group, self._greenlet = group, Placeholder(self)
        group.add(self._greenlet)
        return self._greenlet

    def stop(self, force: bool = False) -> bool:
        """Leaves the group."""
        if not self._needs_no_greenlet():
            return bool(super().stop(force))
        self.on_stop()
        self._group.killone(self._greenlet)
        return True

    def wait_time(self) -> float:
        """Waits: Locust stops a waiting user at once."""
        return _NEVER_SECONDS

    def on_start(self) -> None:
        """Adds this user to the engine."""
        profile = profile_of(type(self))
        role: Role | None = getattr(self.environment, "streamsoak", None)
        self._process = role.process_for(profile) if role else None
        if self._process is not None:
            self._number = self._process.add_user(profile, self._own_visit())

    def on_stop(self) -> None:
        """Removes this user from the engine and closes the session of a person who is still there."""
        process = self._process
        if process is None or process.ending:
            return
        for session in process.remove_user(profile_of(type(self)), self._number):
            _close(process, session)

    @classmethod
    def _needs_no_greenlet(cls) -> bool:
        # --tags may have removed the task; then the user does nothing.
        return bool(cls.tasks) and (cls.on_start, cls.on_stop) == (StreamingUser.on_start, StreamingUser.on_stop)

    def _own_visit(self) -> Visit | None:
        return OwnVisit(self) if self.visit is not None else None


class OwnVisit(msgspec.Struct, gc=False):
    """The visits of a user with a `visit`. Not a partial function: one takes a quarter of a kilobyte."""

    user: StreamingUser

    def __call__(self, person: Person, now: float) -> Behaviour:
        """Returns a visit."""
        assert self.user.visit is not None
        return run_visit(self.user.visit, person, now)


def _idle(user: StreamingUser) -> None:
    """Does nothing: the engine creates the people."""


@cache
def profile_of(user_class: type[StreamingUser]) -> Profile:
    """Returns the profile of a User class, given in any form. Raises InputError."""
    given = user_class.profile
    if isinstance(given, Profile):
        return given
    where = f"{user_class.__module__}.{user_class.__name__}.profile"
    if isinstance(given, str):
        found = load_profiles(file for file in profile_files() if file.stem == given)
        if given not in found:
            raise InputError.of(where, f"no profile {given!r} (known: {', '.join(f.stem for f in profile_files())})")
        return found[given]
    tables = {"name": profile_name(user_class.__name__), "session_length": _NEVER_SECONDS, **given}
    return build_profile(where, tables, Path(), IDLE_RANGE)


def user_classes(profiles: dict[str, Profile]) -> dict[str, type[StreamingUser]]:
    """Returns a User class per profile, by class name: `seed-example` becomes `SeedExample`. Raises InputError."""
    names = [class_name(name) for name in profiles]
    for name in profiles:
        if names.count(class_name(name)) > 1:
            raise InputError.of(
                f"profile {name}", f"has the same User class {class_name(name)} as another profile: rename one"
            )
    return {
        class_name(name): type(
            class_name(name),
            (StreamingUser,),
            {
                "__module__": __name__,
                "abstract": False,
                "profile": profile,
                "weight": profile.weight,
                "__doc__": profile.about,
            },
        )
        for name, profile in profiles.items()
    }


def class_name(profile: str) -> str:
    """Returns the name of the User class of `profile`."""
    return "".join(part.capitalize() for part in profile.split("-"))


def profile_name(class_name: str) -> str:
    """Returns the name of the profile of a locustfile's own User class."""
    parts = "".join(f"-{letter.lower()}" if letter.isupper() else letter for letter in class_name)
    return parts.strip("-_").replace("_", "-").replace("--", "-") or "user"


def _close(process: RunProcess, session: Session) -> None:
    if session.state is State.OPEN and not session.way:
        process.engine.start(closing(session, Closing.RUN, process.now()))
