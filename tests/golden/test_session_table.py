"""sessions.parquet: one row for each session, whose sums are the figures of summary.json."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest

from reports.output.session_table import COLUMNS, CSV, FILE, write_session_csv

from .story import Story

DOCUMENT = Path(__file__).parents[2] / "docs" / "sessions-table.md"


def _run(folder: Path) -> Path:
    story = Story().looks(120).opens(1, 1.0, 60.0).listed(1, 1.5).call(1, "task", 5.0, value=1.0)
    story.note(1, "quiet", 10.0, 20.0).call(1, "keep_alive", 20.0).note(1, "resume", 30.0).leaves(1, 40.0, "close")
    story.stops(1, 40.0).vanishes(1, 39.5, 40.5)
    story.opens(2, 2.0, 30.0).listed(2, 2.5).leaves(2, 4.0, "abandon").vanishes(2, 31.5, 32.5)
    story.call(3, "new", 5.0, outcome="unknown", took=3.0, value=30.0, reason="timeout", status=0)
    story.note(0, "stranger", 8.5, 1767225605.0, "ghost-id").note(0, "stranger-gone", 36.5, 35.5, "ghost-id")
    story.opens(4, 50.0, 30.0).listed(4, 50.5).leaves(4, 55.0, "close")
    story.call(4, "stop", 55.0, outcome="fail", status=404, code=10006, reason="session-not-found")
    story.refused(5, 60.0)
    story.reported(folder)
    return folder / "run"


def test_its_sums_are_those_of_the_summary(tmp_path: Path) -> None:
    """Counts of fates, leaks and ghosts; slot time by holder; keep-alives; the least margin."""
    run = _run(tmp_path)
    table = pd.read_parquet(run / FILE)
    summary = json.loads((run / "summary.json").read_text())
    sessions = summary["sessions"]
    assert len(table) == sessions["opened"]
    assert {fate: n for fate, n in sessions["fates"].items() if n} == table["fate"].value_counts().to_dict()
    assert (table["leaked"].sum(), table["ghost"].sum()) == (sessions["leaked"], sessions["ghosts"])
    for holder in ("active", "quiet", "closing", "leaked"):
        assert table[f"{holder}_seconds"].sum() == pytest.approx(summary["slot_seconds"][holder], abs=1e-5)
    assert table["keep_alives"].sum() == summary["keep_alive"]["acknowledged"]
    assert table["least_margin"].min() == pytest.approx(summary["keep_alive"]["margin"]["min"])


def test_a_row_is_one_session(tmp_path: Path) -> None:
    """The leak, by name; which findings name it; what is not known is empty."""
    table = pd.read_parquet(_run(tmp_path) / FILE).set_index("session")
    leak = table.loc[2]
    assert (leak["id"], leak["way"], leak["fate"], bool(leak["is_certain"])) == (
        "id-2",
        "abandon",
        "leaked-reaped",
        True,
    )
    assert "unclosed-sessions" in leak["findings"].split(",")
    assert leak["ended_from"] <= leak["ended"] <= leak["ended_to"]
    assert pd.isna(table.loc[4, "ended_to"])
    assert table.loc[3, "way"] == "lost-answer"


def test_the_same_rows_as_csv(tmp_path: Path) -> None:
    """With the columns in their order."""
    run = _run(tmp_path)
    write_session_csv(run)
    table, rows = pd.read_parquet(run / FILE), pd.read_csv(run / CSV)
    assert list(rows.columns) == list(table.columns) == [column.name for column in COLUMNS]
    assert list(rows["id"]) == list(table["id"])


def test_a_run_without_sessions_has_an_empty_table(tmp_path: Path) -> None:
    """All columns, no rows."""
    Story().looks(5).reported(tmp_path)
    table = pd.read_parquet(tmp_path / "run" / FILE)
    assert (len(table), list(table.columns)) == (0, [column.name for column in COLUMNS])


def test_the_document_has_every_column() -> None:
    """In the order of the table."""
    rows = [f"| `{column.name}` | {column.about} |" for column in COLUMNS]
    text = DOCUMENT.read_text(encoding="utf-8")
    assert "\n".join(rows) in text
