"""Exact quantiles by two looks: what DuckDB says that holds all values at once."""

from __future__ import annotations

from itertools import product

import duckdb
import pandas as pd
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from reports.log.log import FEW_ROWS, EventLog, open_log
from reports.log.quantile import quantiles
from tests.golden.story import Story

SHARES = {"p1": 0.01, "p5": 0.05, "p50": 0.5, "p95": 0.95, "p99": 0.99, "all": 1.0}

_SECONDS = st.one_of(
    st.floats(-1e4, 1e4, allow_subnormal=False),
    st.integers(-(10**6), 10**6).map(lambda nanoseconds: nanoseconds / 1e9),
    st.sampled_from([0.0, -0.0, 0.1, float("inf"), float("-inf"), 1e300]),
    st.floats(0.1, 0.1001),
)
"""Of either sign, many in one class, and what no clock says."""
_VALUES = st.lists(st.tuples(st.sampled_from("ab"), st.one_of(_SECONDS, st.none())), max_size=60)


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> EventLog:
    """Any log: it is asked about other things than its events."""
    return open_log(Story().opens(1, 0.0).write(tmp_path_factory.mktemp("log") / "run"))


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=_VALUES)
@example(rows=[])
@example(rows=[("a", 0.1)] * 3)
def test_they_are_what_occurred(log: EventLog, rows: list[tuple[str, float | None]]) -> None:
    """Of all, and of each group; sorted or by classes; nulls do not count."""
    values = pd.DataFrame(rows, columns=["kind", "v"]).astype({"kind": "str", "v": "Float64"})
    log.insert_table("made", values)
    for by, short in product(([], ["kind"]), (0, FEW_ROWS)):
        found = quantiles(log, "SELECT kind, v FROM made", SHARES, by, short)
        pd.testing.assert_frame_equal(found, _at_once(values, by), check_dtype=False)


def _at_once(values: pd.DataFrame, by: list[str]) -> pd.DataFrame:
    shares = ", ".join(f"quantile_disc(v, {share}) AS {name}" for name, share in SHARES.items())
    return duckdb.sql(f"""
        SELECT {"".join(f"{name}, " for name in by)} count(*) AS n, min(v) AS min, max(v) AS max, {shares}
        FROM values WHERE v IS NOT NULL GROUP BY {", ".join(by) or "()"} HAVING n > 0 ORDER BY ALL
    """).df()
