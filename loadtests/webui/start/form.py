"""What the start page's form offers, apart from the scenarios."""

from __future__ import annotations

import msgspec


class UserClass(msgspec.Struct):
    """A User class that a load by users may have."""

    name: str
    """Of the class, as the form's field `user_classes` must contain it."""
    profile: str
    about: str
    per_minute: float | None
    """Arrivals of one user, a stream, in the open model; None: the closed model, in which one user is one person."""
    leaks: bool
    """Whether its people leave sessions open."""
    weight: float = 1.0
    """Its part of the users, relative to the other classes."""


class StartForm(msgspec.Struct):
    """The form as it is before anything is entered."""

    scenario: str
    """Selected at first."""
    host: str
    """The value of --host; "": none was given, and a sandbox is there."""
    workers: int | None
    """Number of connected workers; None: this process makes the load itself."""
    has_key: bool
    """Whether KONPRO_API_KEY is set."""
    values: dict[str, str | bool]
    """Values of fields by name, as the command line sets them."""
    classes: list[UserClass]
