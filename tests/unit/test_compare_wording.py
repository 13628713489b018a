"""A comparison in words: what is worse and no regression says why, and shares change by percentage points."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from loadtests.model.gates.compared import COMPARED
from reports.compare.comparison import Change, Judged, compare_runs
from reports.compare.wording import in_words, shown_change, shown_interval, shown_judgement
from tests.golden.story import Story

_NOTHING = np.zeros(0)


def _change(figure: str, base: float, run: float, judged: Judged, allowed: float) -> Change:
    interval = (0.5 * (run - base), 1.5 * (run - base))
    return Change(figure, COMPARED[figure], base, run, interval, allowed, judged, (_NOTHING, _NOTHING))


@pytest.mark.parametrize(
    ("allowed", "said"), [(0.02, "worse, but tolerated"), (0.005, "worse, but not certainly beyond the tolerance")]
)
def test_worse_and_no_regression_says_why(allowed: float, said: str) -> None:
    """Within the tolerance, or beyond it by no more than chance."""
    change = _change("latency.new.p50", 0.10, 0.11, "worse", allowed)
    assert shown_judgement(change) == said
    assert shown_judgement(_change("latency.new.p50", 0.10, 0.2, "regression", allowed)) == "regression"


def test_shares_change_by_percentage_points() -> None:
    """5 % → 8 % is 3 points, not 3 % nor 60 %; durations have both."""
    share = _change("calls.failed_share", 0.05, 0.08, "regression", 0.005)
    assert shown_change(share) == "+3 pp"
    assert shown_interval(share) == "+1.5 pp to +4.5 pp"
    assert (
        "5 % → 8 %, +3 pp; the 95 % interval of the change is +1.5 pp to +4.5 pp; 0.5 pp worse is tolerated."
        in in_words(share)
    )
    assert shown_change(_change("latency.new.p50", 0.1, 0.08, "better", 0.01)) == "−20 ms (−20 %)"


def test_runs_that_are_too_short_are_told_before_anything_is_read(tmp_path: Path) -> None:
    """Their manifests say so: the events, which are none here, are not opened."""
    folders = []
    for name, ended in (("base", 300.0), ("run", 19.0)):
        folder = Story().opens(1, 1.0).stops(1, 5.0).write(tmp_path / name, run=name, load_ended=ended)
        for events in folder.glob("events*"):
            events.unlink()
        folders.append(folder)
    comparison = compare_runs(folders[0], folders[1], 1)
    assert comparison.result == "unknown"
    assert "the runs have 19 s of load in common; at least 30 s are needed" in comparison.sentence
