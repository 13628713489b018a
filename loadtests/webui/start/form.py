"""What the start page's form offers, apart from the scenarios."""

from __future__ import annotations

import msgspec

from loadtests.http.key import has_key, key_variables
from loadtests.model.api.description.description import ApiDescription


class ApiOffer(msgspec.Struct):
    """The API that a run would test, and where its key is. Never the key."""

    name: str
    variables: list[str]
    """Environment variables that may hold the key; the first that is set counts."""
    has_key: bool
    """Whether one of them is set."""

    @classmethod
    def of(cls, api: ApiDescription) -> ApiOffer:
        """Returns what the page shows of `api`."""
        return cls(api.name, list(key_variables(api)), has_key(api))


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
    own: bool
    """Whether the locustfile defines it; the others are made from profiles."""
    weight: float = 1.0
    """Its part of the users, relative to the other classes."""


class StartForm(msgspec.Struct):
    """The form as it is before anything is entered."""

    kind: str
    """Selected at first: "scenario", or "users" if the locustfile has classes of its own and no scenario was named."""
    scenario: str
    """Selected at first."""
    host: str
    """The value of --host; "": none was given, and a sandbox is there."""
    workers: int | None
    """Number of connected workers; None: this process makes the load itself."""
    apis: dict[str, ApiOffer]
    """By the value of the field `api`. "": the default API in a load by users; a scenario has its own."""
    values: dict[str, str | bool]
    """Values of fields by name, as the command line sets them."""
    classes: list[UserClass]
