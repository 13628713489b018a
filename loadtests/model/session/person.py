"""A person, and the persons who come one after the other for one user: what each draws depends on nobody else."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import msgspec

from loadtests.model.people.draw import Draw
from loadtests.model.people.page import MINUTE, Page
from loadtests.model.people.profile import Profile
from loadtests.model.session.session import Session


@lru_cache(maxsize=4096)
def whole_seconds(seconds: int) -> float:
    """Returns the same object for the same number: a million sessions may have it as their idle timeout."""
    return float(seconds)


class Person(msgspec.Struct, gc=False, eq=False):
    """One person: a profile, a stream of randomness, and a source of session numbers."""

    profile: Profile
    draw: Draw
    number: Callable[[], int]
    page: Page | None = None
    """The page of the client; None: one that is always visible."""

    def __post_init__(self) -> None:
        """Opens the page if it may be hidden."""
        if not self.profile.page.is_always_visible:
            self.open_page()

    def open_page(self) -> Page:
        """Returns the page of the client, which may be hidden."""
        if self.page is None:
            self.page = Page(self.draw.uniform() * MINUTE, self.profile.page.intensive_after)
        return self.page

    def session(self) -> Session:
        """Returns a session not yet opened, with the idle timeout that the client will request."""
        idle_timeout = whole_seconds(round(self.profile.idle_timeout.sample(self.draw)))
        session = Session(self.number(), self.profile.name, idle_timeout)
        session.page = self.page
        return session


class People(msgspec.Struct, gc=False, eq=False):
    """The persons of one user, live or simulated. Not a function within a function: each user has one, and that would take half a
    kilobyte.
    """

    profile: Profile
    seed: int
    user: int
    """The user's number in the run; 0 for a stream that is the whole profile."""
    session_number: Callable[[], int]

    def __call__(self, visit: int) -> Person:
        """Returns the person of the user's visit of this number."""
        draw = Draw.of(self.seed, self.profile.name, "person", self.user, visit)
        return Person(self.profile, draw, self.session_number)
