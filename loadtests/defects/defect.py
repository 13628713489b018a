"""What a defect is: a name, what its value means, and how it changes the API."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from loadtests.model.api.rules import Rules, Terms
from loadtests.model.api.service import Service
from loadtests.model.people.draw import Draw


@dataclass(frozen=True)
class Value:
    """The number that a defect takes."""

    about: str
    """What it is, and what would be right."""
    default: float | None = None
    """Without a number; None: one is needed."""
    most: float = math.inf
    is_whole: bool = False

    def allows(self, number: float) -> bool:
        """Whether it may be `number`; nothing may be 0 or less."""
        return 0 < number <= self.most and math.isfinite(number) and (not self.is_whole or number == int(number))


def share(of: str, default: float | None = None) -> Value:
    """A share of calls or sessions."""
    return Value(f"a share {of}, above 0 and at most 1", default, most=1.0)


def seconds(what: str, default: float | None = None) -> Value:
    """A time in seconds."""
    return Value(f"seconds, more than 0: {what}", default)


def same_terms(terms: Terms, value: float, draw: Draw) -> Terms:
    """The defect changes no terms."""
    return terms


def same_service(service: Service, rules: Rules, value: float, draw: Draw) -> Service:
    """The defect changes no answers."""
    return service


@dataclass(frozen=True)
class Defect:
    """One way of going wrong. What is random in it comes from the Draw that it is given."""

    name: str
    about: str
    value: Value
    terms: Callable[[Terms, float, Draw], Terms] = same_terms
    """The account's terms with the defect of that value in them. Raises InputError where they leave no room for it."""
    around: Callable[[Service, Rules, float, Draw], Service] = same_service
    """The service with the defect of that value around it; `rules` are those that it serves."""


@dataclass(frozen=True)
class Injected:
    """A defect and its value."""

    defect: Defect
    value: float

    def __str__(self) -> str:
        return f"{self.defect.name}={self.value:g}"


def sample(draw: Draw, part: float) -> Callable[[str], bool]:
    """Whether a session of that id is one of the `part` that the defect is for: always the same answer for an id."""
    salt = repr(draw.uniform())
    return lambda session_id: Draw(salt, session_id).chance(part)
