"""The plan says 20, and 18 are accepted."""

from __future__ import annotations

from dataclasses import replace

from loadtests.model.draw import Draw
from loadtests.model.mistakes import InputError
from loadtests.model.rules import Terms

from .defect import Defect, Value


def _terms(terms: Terms, value: float, draw: Draw) -> Terms:
    if terms.limit is None:
        raise InputError.of("--defect", "limit-short needs an account with a limit: give one, for example --limit 20")
    if value >= terms.limit:
        raise InputError.of("--defect", f"limit-short={value:g} leaves nothing of a limit of {terms.limit}")
    return replace(terms, limit=terms.limit - int(value))


DEFECT = Defect(
    "limit-short",
    "fewer sessions are accepted than the limit says",
    Value("a whole number, 1 or more: how many fewer", is_whole=True),
    _terms,
)
