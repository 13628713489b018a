"""Exact quantiles of whole numbers in two passes: what DuckDB says that holds all numbers at once."""

from __future__ import annotations

import duckdb
import numpy as np
import pandas as pd
from hypothesis import example, given
from hypothesis import strategies as st

from reports.log.integer_quantiles import IntegerQuantiles

SHARES = {"p1": 0.01, "p5": 0.05, "p50": 0.5, "p95": 0.95, "p99": 0.99, "all": 1.0}
GROUPS = 3

_NUMBERS = st.one_of(
    st.integers(-5, 300),
    st.integers(0, 10**10),
    st.integers(1_000_000, 1_003_000),
    st.sampled_from([0, 255, 256, 2**44 - 1, 2**44, 2**50]),
)
"""Some alone in their class and many in one; negative ones, and more than a run has nanoseconds."""
_ROWS = st.lists(st.tuples(st.integers(0, GROUPS - 1), _NUMBERS), max_size=80)


@given(rows=_ROWS, cut=st.integers(0, 80))
@example(rows=[], cut=0)
@example(rows=[(2, 1_000_001)] * 3, cut=1)
def test_they_are_what_occurred(rows: list[tuple[int, int]], cut: int) -> None:
    """Of each group, of two together and of all, however the rows are divided."""
    parts = [np.array(part, dtype=np.int64).reshape(-1, 2) for part in (rows[:cut], rows[cut:])]
    figure = IntegerQuantiles()
    groups = sorted({group for group, _ in rows})
    chosen = [[group] for group in groups] + [groups, groups[1:]]
    for part in parts:
        figure.count(part[:, 0], part[:, 1])
    for some in chosen:
        figure.want(some, SHARES)
    for part in parts:
        figure.keep(part[:, 0], part[:, 1])
    for some in chosen:
        assert figure.of(some, SHARES) == _at_once([number for group, number in rows if group in some])


def _at_once(numbers: list[int]) -> dict[str, int]:
    if not numbers:
        return {"n": 0}
    shares = ", ".join(f"quantile_disc(v, {share}) AS {name}" for name, share in SHARES.items())
    values = pd.DataFrame({"v": numbers})  # noqa: F841 - DuckDB finds it by its name
    found = duckdb.sql(f"SELECT count(*) AS n, min(v) AS min, max(v) AS max, {shares} FROM values").df()
    return {str(name): int(value) for name, value in found.iloc[0].items()}
