"""What the report says of workers that were away, from logs written by hand: the master's and one worker's."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from loadtests.recording.recorder import Recorder
from reports.build import judge_run
from reports.summary import Analysis

from .story import Story

FIRST = 1_000_000_001
"""The number of worker 1's first session."""


def judged(folder: Path, worker: Story, master: Story, **manifest: Any) -> Analysis:
    """The report on a run with one worker."""
    run = master.write(folder / "run", **{"workers": 1, "ended": 60.0, "load_ended": 60.0, **manifest})
    recorder = Recorder(run, ["test"], worker=1)
    for row in worker.rows:
        recorder.append(row)
    recorder.close()
    return judge_run(run)


def fates(analysis: Analysis) -> dict[int, str]:
    """By session, counted from worker 1's first."""
    return {
        int(n) - FIRST: fate for n, fate in zip(analysis.sessions["session"], analysis.sessions["fate"], strict=True)
    }


def test_what_a_lost_worker_left_is_censored_whoever_ends_it(tmp_path: Path) -> None:
    """Reaped, or closed by the master: the person did not go on because of us, and no idleness is counted."""
    worker = (
        Story().opens(FIRST, 1.0).opens(FIRST + 1, 2.0, idle_timeout=600).opens(FIRST + 2, 3.0).stops(FIRST + 2, 4.0)
    )
    master = Story().looks(59.0).note(0, "worker-lost", 10.0, 5.0, "1")
    master.listed(FIRST, 1.5).vanishes(FIRST, 30.9, 31.5).listed(FIRST + 1, 2.5).stops(FIRST + 1, 27.0, closing=2)
    master.vanishes(FIRST + 1, 26.5, 27.5)
    analysis = judged(tmp_path, worker, master)
    assert fates(analysis) == {0: "censored", 1: "censored", 2: "closed"}
    assert analysis.summary["sessions"]["lost_to_idle"] == 0
    assert analysis.verdict.result == "unknown"
    assert "worker 1 was lost at 10.0 s (last message at 5.0 s), with 2 sessions open" in analysis.verdict.sentence
    finding = next(finding for finding in analysis.findings if finding.name == "worker-lost")
    assert finding.owner == "generator"
    assert set(finding.sessions) == {FIRST, FIRST + 1}


def test_sessions_that_only_the_ledger_shows_are_counted(tmp_path: Path) -> None:
    """The rows of a killed worker may not have arrived, while its ledger has: the master closes what that shows."""
    master = (
        Story()
        .note(0, "worker-lost", 10.0, 5.0, "1")
        .stops(FIRST + 1, 27.0, closing=2)
        .stops(FIRST + 2, 27.0, closing=2)
    )
    analysis = judged(tmp_path, Story().opens(FIRST, 1.0), master, cut_workers=1)
    assert "worker 1 was lost at 10.0 s (last message at 5.0 s), with 3 sessions open" in analysis.verdict.sentence


def test_what_went_away_before_the_loss_was_noticed_is_not_the_apis_doing(tmp_path: Path) -> None:
    """The worker may have closed it, and died before it could tell: no drop, and no session that idleness took."""
    worker = Story().opens(FIRST, 1.0, idle_timeout=600).opens(FIRST + 1, 2.0, idle_timeout=600)
    worker.opens(FIRST + 2, 5.0, idle_timeout=600)
    master = Story().looks(59.0).note(0, "worker-lost", 10.0, 5.0, "1")
    master.listed(FIRST, 1.5).vanishes(FIRST, 6.0, 6.5).listed(FIRST + 1, 2.5).vanishes(FIRST + 1, 3.5, 4.0)
    master.listed(FIRST + 2, 5.5).stops(FIRST + 2, 27.0, closing=2).vanishes(FIRST + 2, 26.5, 27.5)
    analysis = judged(tmp_path, worker, master)
    assert fates(analysis) == {0: "censored", 1: "dropped", 2: "censored"}
    assert "with 1 session" in analysis.verdict.sentence


def test_a_leak_of_a_lost_worker_stays_a_leak(tmp_path: Path) -> None:
    """Who had left before the worker was lost left by a way of their own."""
    worker = Story().opens(FIRST, 1.0, idle_timeout=600).leaves(FIRST, 4.0, "abandon")
    master = Story().looks(59.0).note(0, "worker-lost", 10.0, 5.0, "1").listed(FIRST, 1.5).stops(FIRST, 27.0, closing=2)
    master.vanishes(FIRST, 26.5, 27.5)
    analysis = judged(tmp_path, worker, master)
    assert fates(analysis) == {0: "swept"}
    assert analysis.summary["sessions"]["leaked"] == 1


def test_nobody_holds_a_lost_workers_slots_but_the_loss(tmp_path: Path) -> None:
    """From the loss on the slot is held by a leak, and by the person before that."""
    worker = Story().opens(FIRST, 1.0, idle_timeout=600)
    master = Story().looks(59.0).note(0, "worker-lost", 11.0, 5.0, "1").listed(FIRST, 1.5).stops(FIRST, 31.0, closing=2)
    master.vanishes(FIRST, 30.5, 31.5)
    seconds = judged(tmp_path, worker, master).summary["slot_seconds"]
    assert round(seconds["active"]) == 10
    assert round(seconds["leaked"]) == 20


def test_who_came_back_has_their_sessions_still(tmp_path: Path) -> None:
    """A worker that was away for less than its lease goes on: its people are there. It is said all the same."""
    worker = Story().opens(FIRST, 1.0, idle_timeout=600).stops(FIRST, 40.0)
    master = Story().looks(59.0).note(0, "worker-lost", 10.0, 5.0, "1").note(0, "worker-back", 14.0, 0.0, "1")
    master.listed(FIRST, 1.5).vanishes(FIRST, 39.5, 40.5)
    analysis = judged(tmp_path, worker, master)
    assert fates(analysis) == {0: "closed"}
    assert round(analysis.summary["slot_seconds"]["leaked"]) == 0
    assert "and returned at 14.0 s" in analysis.verdict.sentence


def test_logs_that_did_not_come_whole_are_told(tmp_path: Path) -> None:
    """By the manifest, where nobody was seen to be lost."""
    analysis = judged(tmp_path, Story().opens(FIRST, 1.0).stops(FIRST, 2.0), Story().looks(59.0), cut_workers=1)
    assert analysis.verdict.result == "unknown"
    assert any(finding.name == "worker-lost" for finding in analysis.findings)


def test_a_run_whose_workers_stayed_says_nothing(tmp_path: Path) -> None:
    """No finding, and a verdict."""
    analysis = judged(tmp_path, Story().opens(FIRST, 1.0).stops(FIRST, 2.0), Story().looks(59.0))
    assert analysis.verdict.result == "pass"
    assert not any(finding.name == "worker-lost" for finding in analysis.findings)


def test_a_clock_that_is_hardly_known_is_a_doubt(tmp_path: Path) -> None:
    """More than half of the tolerance: early and late cannot be told any more."""
    worker = Story().opens(FIRST, 1.0).stops(FIRST, 2.0).note(0, "clock", 1.0, 0.7)
    assert judged(tmp_path, worker, Story().looks(59.0)).verdict.result == "unknown"


def test_a_spool_that_is_longer_completes_the_log(tmp_path: Path) -> None:
    """What the master had of a worker's log is the beginning of what the worker wrote."""
    master = Story().looks(59.0).note(0, "worker-lost", 10.0, 5.0, "1").listed(FIRST, 1.5).listed(FIRST + 1, 2.5)
    first, both = Story().opens(FIRST, 1.0), Story().opens(FIRST, 1.0).opens(FIRST + 1, 2.0)
    run = master.write(tmp_path / "run", workers=1, ended=60.0, load_ended=60.0)
    _write(run, first)
    assert len(judge_run(run).sessions) == 1
    (run / "spool").mkdir()
    _write(run / "spool", both)
    assert len(judge_run(run).sessions) == 2


def _write(folder: Path, story: Story) -> None:
    recorder = Recorder(folder, ["test"], worker=1)
    for row in story.rows:
        recorder.append(row)
    recorder.close()


@pytest.mark.parametrize(("persons", "result"), [(60, "unknown"), (10, "pass")])
def test_every_worker_must_have_users(tmp_path: Path, persons: int, result: str) -> None:
    """Two workers, and all persons came at one; of ten persons, that may be chance."""
    worker = Story()
    for number in range(persons):
        worker.opens(FIRST + number, 1.0 + number / 10, 30.0)
    verdict = judged(tmp_path, worker, Story().looks(59.0), workers=2).verdict
    assert verdict.result == result
    assert ("1 of 2 workers had no users" in verdict.sentence) == (result == "unknown")
