"""The accuracy of plans, reduced: two cases and few hours. `make accuracy` carries out all ten, and fails if one is off."""

from __future__ import annotations

import pytest

from tests.accuracy.cases import CASES, Case
from tests.accuracy.result import WITHIN, carry_out

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
