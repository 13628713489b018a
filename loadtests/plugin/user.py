"""Locust User classes: one for each profile, and the base for your own."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cache, partial
from pathlib import Path
from types import FunctionType
from typing import Any, ClassVar

import gevent
from gevent.pool import Group
from locust import User, task

from loadtests.model.people.profile import IDLE_RANGE, Profile, build_profile
from loadtests.model.session.behaviour import Visit
from loadtests.model.session.ending import closing
from loadtests.model.session.session import Session, State
from loadtests.model.session.steps import Closing
from loadtests.model.text.input_error import InputError
from loadtests.plugin.role import Role
from loadtests.plugin.visitor import pay
from loadtests.run.process import RunProcess
from loadtests.scenarios.catalogue import load_profiles, profile_files

_NEVER_SECONDS = 3600.0


class StreamingUser(User):
    """A stream of arrivals (open model), or one person (closed model).

    `profile`: a profile's name, a table of its keys, or a Profile. `visit`: if there is one, a generator that says what a
    person does, with a `Visitor` to do it with. `tags`: for Locust's --tags.

    It sends nothing itself: it lends its place in Locust's ramps, shapes and distribution to the engine.
    """

    abstract = True
    profile: ClassVar[Profile | str | dict[str, Any]] = {}
    visit: ClassVar[Callable[..., Any] | None] = None
    tags: ClassVar[Iterable[str]] = ()
    _share: RunProcess | None = None
    _number = 0

    def __init_subclass__(cls, **options: Any) -> None:
        """Each class gets a task of its own, so that its tags are its own."""
        super().__init_subclass__(**options)
        own = FunctionType(_people_come.__code__, globals(), "people_come")
        own.locust_tag_set = set(cls.tags)  # type: ignore[attr-defined]
        cls.tasks = [task(own)]

    def start(self, group: Group) -> gevent.Greenlet:
        """Take a place in Locust's `group` of users, without a stack of its own, which would cost five times as much.

        A class with an `on_start` or `on_stop` of its own has one, as any User of Locust's.
        """
        if not self._only_lends_its_place():
            return super().start(group)
        self.on_start()
        # Never started: it is where Locust finds its users, and counts them.
        self._group, self._greenlet = group, gevent.Greenlet(_people_come, self)
        group.add(self._greenlet)
        return self._greenlet

    def stop(self, force: bool = False) -> bool:
        """Give the place up."""
        if not self._only_lends_its_place():
            return bool(super().stop(force))
        self.on_stop()
        self._group.killone(self._greenlet)
        return True

    def wait_time(self) -> float:
        """Waiting, not sleeping: Locust ends a waiting user at once."""
        return _NEVER_SECONDS

    def on_start(self) -> None:
        """The engine takes this user's people in."""
        profile = profile_of(type(self))
        role: Role | None = getattr(self.environment, "streamsoak", None)
        self._share = role.process_for(profile) if role else None
        if self._share is not None:
            self._number = self._share.add_user(profile, self._own_visit())

    def on_stop(self) -> None:
        """No more people of this user's; a person who is there is sent off, and their session closed."""
        share = self._share
        if share is None or share.ending:
            return
        for session in share.remove_user(profile_of(type(self)), self._number):
            _send_off(share, session)

    @classmethod
    def _only_lends_its_place(cls) -> bool:
        # Without a task nobody comes: --tags may have taken it.
        return bool(cls.tasks) and (cls.on_start, cls.on_stop) == (StreamingUser.on_start, StreamingUser.on_stop)

    def _own_visit(self) -> Visit | None:
        return partial(pay, self.visit) if self.visit is not None else None


def _people_come(user: StreamingUser) -> None:
    """Nothing: people come by themselves."""


@cache
def profile_of(user_class: type[StreamingUser]) -> Profile:
    """The profile of a User class, whatever it was given as; raises InputError."""
    given = user_class.profile
    if isinstance(given, Profile):
        return given
    where = f"{user_class.__module__}.{user_class.__name__}.profile"
    if isinstance(given, str):
        found = load_profiles(file for file in profile_files() if file.stem == given)
        if given not in found:
            raise InputError.of(where, f"no profile {given!r}; there are: {', '.join(f.stem for f in profile_files())}")
        return found[given]
    tables = {"name": profile_name(user_class.__name__), "session_length": _NEVER_SECONDS, **given}
    return build_profile(where, tables, Path(), IDLE_RANGE)


def user_classes(profiles: dict[str, Profile]) -> dict[str, type[StreamingUser]]:
    """A User class for each profile, by class name: `seed-example` becomes `SeedExample`."""
    names = [class_name(name) for name in profiles]
    for name in profiles:
        if names.count(class_name(name)) > 1:
            raise InputError.of(
                f"profile {name}", f"would be the User class {class_name(name)}, as another one: rename it"
            )
    return {
        class_name(name): type(
            class_name(name),
            (StreamingUser,),
            {"abstract": False, "profile": profile, "weight": profile.weight, "__doc__": profile.about},
        )
        for name, profile in profiles.items()
    }


def class_name(profile: str) -> str:
    """The name of the User class that stands for `profile`."""
    return "".join(part.capitalize() for part in profile.split("-"))


def profile_name(class_name: str) -> str:
    """The name of a profile that a User class of its own stands for."""
    parts = "".join(f"-{letter.lower()}" if letter.isupper() else letter for letter in class_name)
    return parts.strip("-_").replace("_", "-").replace("--", "-") or "user"


def _send_off(share: RunProcess, session: Session) -> None:
    if session.state is State.OPEN and not session.way:
        share.engine.start(closing(session, Closing.RUN, share.now()))
