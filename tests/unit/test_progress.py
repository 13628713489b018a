"""The progress line of a run under load, and while it drains."""

from __future__ import annotations

import pytest

from loadtests.model.gates.counts import Counts
from loadtests.model.session.ending import DrainPhase, DrainStep
from loadtests.plugin.progress import drain_line, load_line, state_lines, time_line
from loadtests.plugin.recent_delays import RecentDelays
from loadtests.run.snapshot import LATENESS_BOUNDS, ProcessSnapshot


def _delays(late: float, delays: RecentDelays | None = None, requests: int = 100) -> RecentDelays:
    """So many more requests of one process, each this late."""
    delays = delays or RecentDelays()
    delays.add([ProcessSnapshot(1.0, lateness=[*(requests * (late <= bound) for bound in LATENESS_BOUNDS), requests])])
    return delays


def test_lateness_is_that_of_the_requests_since_the_last_line() -> None:
    """Of all processes together; one late request in a second is not its p99, and an earlier line's are not counted again."""
    delays = RecentDelays()
    assert delays.lateness == "–"
    most = [90] * len(LATENESS_BOUNDS) + [90]
    one = [0] * len(LATENESS_BOUNDS) + [1]
    delays.add(
        [
            ProcessSnapshot(1.0, lateness=[10 * count // 9 for count in most], worst_delay=0.3),
            ProcessSnapshot(1.0, lateness=one),
        ]
    )
    assert (delays.lateness, delays.loop) == ("up to 1 ms", 0.3)
    delays.begin_again()
    assert (delays.lateness, delays.loop) == ("–", 0.0)
    delays.add([ProcessSnapshot(2.0, lateness=[100] * len(LATENESS_BOUNDS) + [103])])
    assert delays.lateness == "over 5 s"
    _delays(0.3, delays, 200)
    assert delays.lateness == "up to 500 ms"


def test_the_line_says_how_long_the_load_still_lasts() -> None:
    """Hours where there are any."""
    snapshots = [ProcessSnapshot(60.0, held=3), ProcessSnapshot(59.0, held=4)]
    said = load_line(snapshots, 3725.0, 10, _delays(0.012), 8 * 3600.0)
    assert said.startswith("1:02:05 of 8:00:00, 6 h 57 min left  sessions 7/10  ")
    assert "lateness p99 up to 25 ms" in said


def test_a_load_that_is_over_has_no_time_left() -> None:
    """It is about to be stopped."""
    assert "00:10 of 00:10, stopping  " in load_line([], 11.5, None, RecentDelays(), 10.0)


def test_a_run_without_an_end_says_no_time_left() -> None:
    """It runs until it is stopped."""
    assert load_line([], 11.5, None, RecentDelays(), None).startswith("00:11  sessions 0  ")


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


def test_the_screen_says_who_holds_the_slots_and_what_is_wrong() -> None:
    """Of all processes together; nothing about problems where there are none."""
    snapshots = [
        ProcessSnapshot(5.0, held=4, hits=2, sessions={"quiet": {"quiet": 1, "active": 3}}, counts=Counts(hits=2)),
        ProcessSnapshot(5.0, held=2, leaks=2, sessions={"leaky": {"leaked": 2}}, margin_p1=4.0),
    ]
    assert list(state_lines(snapshots, 10, _delays(0.003))) == [
        "sessions 6 of 10:  active 3  quiet 1  leaked 2",
        "hits 2  leaks outstanding 2  requests 0",
        "keep-alive margin p1 4 s  lateness p99 up to 5 ms",
    ]
    snapshots[0].counts = Counts(lost_to_idle=1, keep_alives_failed=2, longest_stall=1.5)
    *_, last = state_lines(snapshots, 10, RecentDelays())
    expected = "1 session lost to idleness, 2 keep-alives failed, the load generator stalled for up to 1.5 s"
    assert last == f"found so far: {expected}"


def test_the_bar_of_the_time() -> None:
    """Full at the end, and no longer than that."""
    assert time_line(30.0, 60.0, "peak") == "stage peak  [##########..........]  00:30 of 01:00, 30 s left"
    assert time_line(99.0, 60.0, "") == "[####################]  01:00 of 01:00, stopping"
    assert time_line(99.0, None, "") == "01:39, until it is stopped"
