"""The accuracy of plans, reduced: two cases, without people who come back and with. `make accuracy` carries out all ten."""

from __future__ import annotations

import re

import pytest

from tests.accuracy.cases import CASES, Case
from tests.accuracy.hours import refused_share
from tests.accuracy.result import WITHIN, foresee
from tests.accuracy.table import DOCUMENT


@pytest.mark.parametrize("case", [CASES[2], CASES[8]], ids=lambda case: f"case-{case.seed}")
def test_one_hour_foresees_another(case: Case) -> None:
    """Within two percentage points of the mean of the many hours that `make accuracy` wrote down; an hour that is simulated
    now lies within the interval of a single run.
    """
    foreseen = foresee(case, replays=20)
    assert abs(foreseen.share - _written(case)) <= WITHIN
    came = refused_share(case.foreseen.scenario, seed=1001)
    assert foreseen.run_low <= came <= foreseen.run_high


def _written(case: Case) -> float:
    """The mean refusals of so many hours, from the table in docs/capacity.md."""
    rows = re.findall(r"^\| \d+/min .*\|$", DOCUMENT.read_text(encoding="utf-8"), flags=re.MULTILINE)
    assert len(rows) == len(CASES)
    row = rows[CASES.index(case)]
    assert f"{case.seen.limit} → {case.limit}" in row
    found = re.search(r"\| (\d+\.\d+)% \(\d+\) \|", row)
    assert found
    return float(found[1]) / 100
