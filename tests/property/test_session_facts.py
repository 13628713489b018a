"""What the rows of each session come to, taken in by parts, against what is plain to see."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reports.log.session_facts import FactRule, enter

PLACES = 4

# Without -0.0: which of two equal values is the least is not defined.
_VALUES = st.floats(-1e9, 1e9).map(lambda value: value + 0.0)
_ROWS = st.lists(st.tuples(st.integers(0, PLACES - 1), _VALUES), max_size=20)

_PLAIN = {
    FactRule.FIRST: lambda values: values[0],
    FactRule.LAST: lambda values: values[-1],
    FactRule.LEAST: min,
    FactRule.MOST: max,
    FactRule.COUNT: len,
}


@pytest.mark.parametrize("rule", FactRule)
@given(parts=st.lists(_ROWS, max_size=4))
def test_each_place_has_its_own(rule: FactRule, parts: list[list[tuple[int, float]]]) -> None:
    """However often it occurs in a part, and in however many parts; what does not occur stays as it was."""
    state = np.full(PLACES, 0.0 if rule is FactRule.COUNT else np.nan)
    for rows in parts:
        part = sorted(rows, key=lambda row: row[0])
        places = np.array([place for place, _ in part], dtype=np.intp)
        enter(state, rule, places, np.array([value for _, value in part], dtype=float))
    for place in range(PLACES):
        values = [value for part in parts for at, value in part if at == place]
        expected = _PLAIN[rule](values) if values else 0.0 if rule is FactRule.COUNT else np.nan
        np.testing.assert_equal(state[place], expected)
