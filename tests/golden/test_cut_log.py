"""What a log that was cut off proves; and what its file says about itself."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from loadtests.model.gates.gates import parse_gate
from reports.verdict.measurement import Measurement
from reports.verdict.verdict import judge

from .story import Story

_FIGURES: dict[str, Any] = {"sessions": {"opened": 9, "lost_answers": 0}, "concurrency_hits": {"count": 0}}


@pytest.mark.parametrize(
    ("gate", "result"),
    [
        ("sessions.fates.unobserved == 0", "unknown"),
        ("sessions.unresolved == 0", "unknown"),
        ("sessions.fates.lingering == 0", "fail"),
        ("concurrency_hits.count == 0", "fail"),
    ],
)
def test_what_was_not_seen_fails_no_gate(gate: str, result: str) -> None:
    """A killed master leaves many sessions without an end; what was counted is certain all the same."""
    verdict = judge([parse_gate(gate)], lambda _: [Measurement(6.0, 6.0, 6.0)], _FIGURES, ["the run was cut off"])
    assert verdict.result == result


def test_the_event_log_says_what_its_columns_are(tmp_path: Path) -> None:
    """For who reads it without the documentation."""
    Story().opens(1, 1.0).stops(1, 5.0).reported(tmp_path)
    metadata = pq.read_metadata(tmp_path / "run" / "events.parquet").metadata
    assert metadata[b"streamsoak.version"] == b"2"
    assert json.loads(metadata[b"streamsoak.units"])["latency"] == "ns"
    assert "reason" in json.loads(metadata[b"streamsoak.about"])
