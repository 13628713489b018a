"""Sessions that drop before their idle timeout has passed."""

from __future__ import annotations

from dataclasses import replace

from loadtests.model.draw import Draw
from loadtests.model.rules import Terms

from .defect import Defect, seconds

LEAST_SHARE = 0.1
"""Of its timeout, a session has at least this: else it would be gone before its client knew of it."""


def _terms(terms: Terms, value: float, draw: Draw) -> Terms:
    patience = terms.patience
    return replace(terms, patience=lambda asked: max(patience(asked) - value, LEAST_SHARE * patience(asked)))


DEFECT = Defect(
    "early-reap", "idle sessions are closed so many seconds before they are due", seconds("too early"), _terms
)
