"""Sessions that linger: closed for idleness, but late."""

from __future__ import annotations

from dataclasses import replace

from loadtests.model.draw import Draw
from loadtests.model.rules import Terms

from .defect import Defect, seconds


def _terms(terms: Terms, value: float, draw: Draw) -> Terms:
    patience = terms.patience
    return replace(terms, patience=lambda asked: patience(asked) + value)


DEFECT = Defect("late-reap", "idle sessions are closed so many seconds after they are due", seconds("too late"), _terms)
