"""Sessions that linger for hours after the page was closed: never closed for idleness."""

from __future__ import annotations

import math
from dataclasses import replace

from loadtests.model.draw import Draw
from loadtests.model.rules import Terms

from .defect import Defect, share


def _terms(terms: Terms, value: float, draw: Draw) -> Terms:
    patience = terms.patience
    return replace(terms, patience=lambda asked: math.inf if draw.chance(value) else patience(asked))


DEFECT = Defect("never-reap", "idle sessions are never closed", share("of the sessions", default=1.0), _terms)
