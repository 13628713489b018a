"""A defect of the API: its name, its value, and how it changes terms or replies."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from loadtests.model.api.rules import Rules, Terms
from loadtests.model.api.service import Service
from loadtests.model.people.draw import Draw


@dataclass(frozen=True)
class Value:
    """The value of a defect."""

    about: str
    """What it means, and which values are valid."""
    default: float | None = None
    """The value if none is given; None: it is required."""
    most: float = math.inf
    is_whole: bool = False

    def allows(self, number: float) -> bool:
        """Whether `number` is valid; it must be more than 0."""
        return 0 < number <= self.most and math.isfinite(number) and (not self.is_whole or number == int(number))


def share(of: str, default: float | None = None) -> Value:
    """Returns the value of a defect that affects a share of calls or sessions."""
    return Value(f"a share {of}, above 0 and at most 1", default, most=1.0)


def seconds(meaning: str, default: float | None = None) -> Value:
    """Returns the value of a defect that is a duration."""
    return Value(f"seconds, more than 0: {meaning}", default)


def same_terms(terms: Terms, value: float, draw: Draw) -> Terms:
    """Returns `terms` unchanged."""
    return terms


def same_service(service: Service, rules: Rules, value: float, draw: Draw) -> Service:
    """Returns `service` unchanged."""
    return service


@dataclass(frozen=True)
class Defect:
    """One defect. Its random choices come from the Draw passed to it."""

    name: str
    about: str
    value: Value
    terms: Callable[[Terms, float, Draw], Terms] = same_terms
    """Returns the account's terms with the defect. Raises InputError where it does not fit them."""
    around: Callable[[Service, Rules, float, Draw], Service] = same_service
    """Returns the service with the defect around it; `rules` are the rules behind the service."""


@dataclass(frozen=True)
class Injected:
    """A defect and its value."""

    defect: Defect
    value: float

    def __str__(self) -> str:
        return f"{self.defect.name}={self.value:g}"


def sample(draw: Draw, part: float) -> Callable[[str], bool]:
    """Returns a predicate of session ids that is true for the share `part` of them, always the same ones."""
    salt = repr(draw.uniform())
    return lambda session_id: Draw.of(salt, session_id).chance(part)
