"""new fails right after a stop that succeeded: the slot is not free yet."""

from __future__ import annotations

from dataclasses import replace

from loadtests.model.draw import Draw
from loadtests.model.rules import Terms

from .defect import Defect, seconds


def _terms(terms: Terms, value: float, draw: Draw) -> Terms:
    return replace(terms, choices=replace(terms.choices, slot_lag=value))


DEFECT = Defect(
    "slot-lag", "a stopped session holds its slot, and is listed, for so long", seconds("from stop's answer"), _terms
)
