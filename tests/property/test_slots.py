"""How many slots were held, from sorted times, against what is plain to see."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from reports.analysis.slots import Spans, ranges
from reports.log.time_columns import COLUMNS_ON_SCREEN

_SPANS = st.lists(st.tuples(st.integers(0, 30), st.integers(1, 10)), max_size=12)
"""When each begins, and how long it lasts."""
_WIDTH = 2.0
"""Of a column: several spans begin and end within one."""


@given(spans=_SPANS)
def test_least_and_most_of_each_column(spans: list[tuple[int, int]]) -> None:
    """At the beginning of the column, and after each change within it; the moment is the first with the most."""
    low = np.sort(np.array([begin for begin, _ in spans], dtype=float))
    high = np.sort(np.array([begin + length for begin, length in spans], dtype=float))
    end = max([0.0, *high])
    found = ranges(Spans(low, high), end, _WIDTH)
    assert len(found) == min(np.ceil(end / _WIDTH), COLUMNS_ON_SCREEN)
    for i, column in found.iterrows():
        moments = list(np.arange(i * _WIDTH, min((i + 1) * _WIDTH, end)))
        held = [sum(begin <= moment < begin + length for begin, length in spans) for moment in moments]
        assert (column["least"], column["most"]) == (min(held), max(held))
        assert column["t"] == moments[held.index(max(held))]
