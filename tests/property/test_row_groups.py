"""A log at rest has its rows part by part, and what is not looked for in row groups that a reader skips."""

from __future__ import annotations

from pathlib import Path

import duckdb
import numpy as np
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from loadtests.model.api.answer import Outcome
from loadtests.model.log.record import Row
from loadtests.recording.recorder import Recorder
from reports.log import compaction, row_groups

_KINDS = st.sampled_from(["new", "task", "keep_alive", "a word of its own"])
_OUTCOMES = st.sampled_from([Outcome.OK.value, Outcome.FAIL.value])
_ROWS = st.lists(st.tuples(st.integers(0, 1000), _KINDS, _OUTCOMES), min_size=1, max_size=80)


def _compacted(folder: Path, told: list[tuple[int, str, str]]) -> Path:
    recorder = Recorder(folder, ["p"])
    for number, (t, kind, outcome) in enumerate(told):
        recorder.append(Row(t, 0, number, "p", kind, t, 0, t, 0, 0, outcome, "", "none", t / 2, None))
        if number % 7 == 6:
            recorder.flush()
    recorder.close()
    compaction.compact([folder / "events.arrow"], folder / "events.parquet")
    return folder / "events.parquet"


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(told=_ROWS)
@example(told=[*[(0, "new", "ok")] * 3, (0, "keep_alive", "ok"), (1, "new", "ok"), (1, "task", "ok")])
def test_parts_are_in_order_and_have_all_rows(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch, told: list[tuple[int, str, str]]
) -> None:
    """No part begins before the one before ends; a row group is in the order of time, and of one sort where it is divided."""
    monkeypatch.setattr(row_groups, "GROUP_ROWS", 5)
    monkeypatch.setattr(compaction, "PART_ROWS", 15)
    parquet = _compacted(tmp_path_factory.mktemp("log"), told)
    columns = ("t", "session", "kind", "outcome")
    found = list(row_groups.read(parquet, columns, row_groups.parts(parquet)))
    assert sorted(number for part in found for number in part["session"].to_pylist()) == list(range(len(told)))
    ends = 0
    for part in found:
        times = part["t"].to_pylist()
        assert min(times) >= ends
        ends = max(times)
    groups = range(pq.read_metadata(parquet).num_row_groups)
    for rows in row_groups.read(parquet, columns, ([group] for group in groups)):
        assert np.all(np.diff(rows["t"].to_numpy()) >= 0)


def test_acknowledged_tasks_and_keep_alives_can_be_skipped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a long log a reader who looks for `new` leaves nine tenths out."""
    monkeypatch.setattr(row_groups, "GROUP_ROWS", 100)
    told = [(t, ("new", *["task"] * 5, *["keep_alive"] * 4)[t % 10], "ok") for t in range(1000)]
    parquet = _compacted(tmp_path, told)
    metadata = pq.read_metadata(parquet)
    place = pq.read_schema(parquet).get_field_index("kind")
    bounds = [metadata.row_group(group).column(place).statistics for group in range(metadata.num_row_groups)]
    rows = [metadata.row_group(group).num_rows for group, kinds in enumerate(bounds) if kinds.min <= "new" <= kinds.max]
    assert sum(rows) == 100
    assert duckdb.sql(f"SELECT count(*) FROM '{parquet}' WHERE kind = 'new'").fetchall() == [(100,)]
