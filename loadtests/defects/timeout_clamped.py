"""The idle timeout that was asked for is cut silently."""

from __future__ import annotations

from dataclasses import replace

from loadtests.model.draw import Draw
from loadtests.model.rules import Terms

from .defect import Defect, seconds


def _terms(terms: Terms, value: float, draw: Draw) -> Terms:
    patience = terms.patience
    return replace(terms, patience=lambda asked: min(patience(asked), value))


DEFECT = Defect(
    "timeout-clamped", "an idle timeout that is longer is cut to this, silently", seconds("the longest"), _terms
)
