"""Killed at five minutes, or at one hour, whatever the activity, and nobody was told."""

from __future__ import annotations

from dataclasses import replace

from loadtests.model.draw import Draw
from loadtests.model.rules import Terms

from .defect import Defect, seconds


def _terms(terms: Terms, value: float, draw: Draw) -> Terms:
    return replace(terms, hidden_cap=min(value, terms.hidden_cap or value))


DEFECT = Defect(
    "hidden-cap", "sessions are closed at this age, which `new` does not tell", seconds("the longest life"), _terms
)
