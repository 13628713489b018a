"""The accuracy of plans, reduced: three cases and few hours; and what the docs say of all ten."""

from __future__ import annotations

import re

import pytest

from tests.accuracy.cases import CASES, Case
from tests.accuracy.result import ON_AVERAGE, WITHIN, carry_out
from tests.accuracy.table import BEGINS, DOCUMENT, ENDS

_REDUCED = [(CASES[2], 4), (CASES[7], 6)]
"""Without people who come back, and with; these bunch, so the mean of as few hours would be chance itself."""


@pytest.mark.parametrize(
    ("case", "hours"), _REDUCED, ids=lambda one: f"case-{one.seed}" if isinstance(one, Case) else ""
)
def test_one_hour_foresees_another(case: Case, hours: int) -> None:
    """Within two percentage points of the mean of some hours."""
    result = carry_out(case, seeds=hours, replays=20)
    assert abs(result.error) <= WITHIN
    assert result.foreseen.run_low <= result.came <= result.foreseen.run_high


def test_the_docs_have_the_table() -> None:
    """Ten cases, as far off as they may be."""
    table = DOCUMENT.read_text(encoding="utf-8").partition(BEGINS)[2].partition(ENDS)[0]
    errors = [abs(float(found)) / 100 for found in re.findall(r"\| ([+-]\d+\.\d+) \|\n", table)]
    assert len(errors) == len(CASES)
    assert max(errors) <= WITHIN
    assert sum(errors) / len(errors) <= ON_AVERAGE
