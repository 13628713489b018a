"""The progress line of a run under load, and while it drains."""

from __future__ import annotations

import pytest

from loadtests.model.session.ending import DrainPhase, DrainStep
from loadtests.plugin.progress import RecentDelays, drain_line, load_line
from loadtests.run.snapshot import ProcessSnapshot


def test_the_line_says_how_long_the_load_still_lasts() -> None:
    """Hours where there are any."""
    snapshots = [ProcessSnapshot(60.0, held=3), ProcessSnapshot(59.0, held=4)]
    said = load_line(snapshots, 3725.0, 10, RecentDelays(0.012), 8 * 3600.0)
    assert said.startswith("1:02:05 of 8:00:00, 6 h 57 min left  sessions 7/10  ")
    assert "lateness p99 12 ms" in said


def test_a_load_that_is_over_has_no_time_left() -> None:
    """It is about to be stopped."""
    assert "00:11 of 00:10, stopping  " in load_line([], 11.5, None, RecentDelays(), 10.0)


def test_a_run_without_an_end_says_no_time_left() -> None:
    """It runs until it is stopped."""
    assert load_line([], 11.5, None, RecentDelays(loop=0.3), None).startswith("00:11  sessions 0  ")


@pytest.mark.parametrize(
    ("phase", "expected"),
    [
        (DrainPhase(DrainStep.REQUESTS, 0, 126.0), "waiting for requests in flight, at most 31 s (until 02:06)"),
        (DrainPhase(DrainStep.PEOPLE, 12, 126.0), "closing 12 sessions, at most 31 s (until 02:06)"),
        (DrainPhase(DrainStep.LEAKS, 5, 103.0), "waiting for 3 leaks to be reaped, at most 8 s (until 01:43)"),
        (DrainPhase(DrainStep.SWEEP, 2, 126.0), "closing 12 leaks, at most 31 s (until 02:06)"),
        (DrainPhase(DrainStep.LIST, 0, 98.0), "waiting for the API's list, at most 3 s (until 01:38)"),
        (DrainPhase(DrainStep.LIST, 0, 94.0), "waiting for the API's list, at most 1 s (until 01:34)"),
    ],
)
def test_a_drain_says_what_it_waits_for_and_how_long(phase: DrainPhase, expected: str) -> None:
    """Sessions and leaks are those of this second, not of the phase's first."""
    snapshot = ProcessSnapshot(95.0, held=12, leaks=3, drain_phase=phase)
    assert drain_line([snapshot], 95.0) == f"01:35  draining: {expected}"


def test_the_slowest_process_makes_the_line() -> None:
    """Processes in the same phase are added up; the latest end counts."""
    leaks = [DrainPhase(DrainStep.LEAKS, 1, until) for until in (100.0, 105.0)]
    snapshots = [ProcessSnapshot(95.0, held=4, leaks=1, drain_phase=phase) for phase in leaks]
    snapshots.append(ProcessSnapshot(95.0, held=9, drain_phase=DrainPhase(DrainStep.LIST, 0, 99.0)))
    assert "waiting for 2 leaks to be reaped, at most 10 s (until 01:45)" in drain_line(snapshots, 95.0)


def test_before_its_first_phase_a_drain_says_what_is_open() -> None:
    """A master waits for its workers' first snapshots."""
    assert drain_line([ProcessSnapshot(95.0, held=1)], 95.0) == "01:35  draining: 1 session open"
