"""The log's rows come out sorted by time, all of them, whoever wrote them and whenever they came in."""

from __future__ import annotations

from itertools import chain, pairwise
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from loadtests.model.api.answer import Outcome
from loadtests.model.log.record import Row
from loadtests.recording.recorder import Recorder
from reports.log.compaction import compact, in_order

_WORDS = st.sampled_from(["new", "task", "a word of its own", "another"])
_ROWS = st.tuples(st.integers(0, 40), st.integers(0, 5), _WORDS, st.sampled_from([None, "", "x", "ü"]))
_STREAMS = st.lists(st.lists(st.lists(_ROWS, min_size=1, max_size=6), max_size=6), min_size=1, max_size=3)


def _row(worker: int, t: int, session: int, kind: str, detail: str | None) -> Row:
    return Row(t, worker, session, "p", kind, t, 0, t, 0, 0, Outcome.OK.value, "", "none", t / 2, detail)


def _write(folder: Path, batches: list[list[Row]], worker: int) -> Recorder:
    recorder = Recorder(folder, ["p"], worker)
    for batch in batches:
        for row in batch:
            recorder.append(row)
        recorder.flush()
    return recorder


def _rows(tables: list[pa.Table]) -> list[Row]:
    return [Row(*row.values()) for table in tables for row in table.to_pylist()]


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(streams=_STREAMS, at_once=st.integers(1, 20))
def test_all_rows_come_in_order(
    tmp_path_factory: pytest.TempPathFactory,
    streams: list[list[list[tuple[int, int, str, str | None]]]],
    at_once: int,
) -> None:
    """By t, worker and session, and then as they were written, however little is looked at at once."""
    folder = tmp_path_factory.mktemp("streams")
    written = [
        [[_row(worker, *told) for told in batch] for batch in batches] for worker, batches in enumerate(streams, 1)
    ]
    for worker, batches in enumerate(written, 1):
        _write(folder, batches, worker).close()
    everything = chain.from_iterable(chain.from_iterable(written))
    expected = sorted(everything, key=lambda row: (row.t, row.worker, row.session))
    assert _rows(list(in_order(sorted(folder.glob("*.arrow")), at_once))) == expected


def test_rows_that_are_in_order_do_not_wait_for_the_end(tmp_path: Path) -> None:
    """Of two workers who write as they go, a part is out as soon as it is read: memory does not grow with the run."""
    for worker in (1, 2):
        batches = [[_row(worker, t, 1, "task", None) for t in range(start, start + 10)] for start in range(0, 1000, 10)]
        _write(tmp_path, batches, worker).close()
    parts = [len(part) for part in in_order(sorted(tmp_path.glob("*.arrow")), at_once=50)]
    assert sum(parts) == 2000
    assert max(parts) <= 70


def test_what_is_written_while_it_is_read_is_for_the_next_look(tmp_path: Path) -> None:
    """A run that goes on: each look has what was there when it began."""
    recorder = _write(tmp_path, [[_row(1, t, 1, "task", None)] for t in range(20)], 1)
    parts = in_order(sorted(tmp_path.glob("*.arrow")), at_once=5)
    found = [next(parts)]
    recorder.append(_row(1, 3, 1, "task", "written since"))
    recorder.flush()
    assert [row.t for row in _rows([*found, *parts])] == list(range(20))
    recorder.close()


def test_the_file_is_read_by_others(tmp_path: Path) -> None:
    """Its columns are of plain types for DuckDB, and in order as they lie there."""
    _write(tmp_path, [[_row(1, t, t, kind, None) for t in (5, 3, 4)] for kind in ("new", "unheard of")], 1).close()
    compact(sorted(tmp_path.glob("*.arrow")), tmp_path / "events.parquet")
    table = duckdb.sql(f"SELECT t, kind, detail, status FROM '{tmp_path}/events.parquet'")
    assert list(map(str, table.types)) == ["BIGINT", "VARCHAR", "VARCHAR", "SMALLINT"]
    rows = table.fetchall()
    assert all(one[0] <= other[0] for one, other in pairwise(rows))
    assert {row[1] for row in rows} == {"new", "unheard of"}
