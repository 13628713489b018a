"""A run's figures as one line."""

from __future__ import annotations

from loadtests.run.snapshot import ProcessSnapshot, line


def test_the_line_says_how_long_it_will_still_take() -> None:
    """Hours where there are any."""
    said = line([ProcessSnapshot(60.0, held=3), ProcessSnapshot(59.0, held=4)], 3725.0, 10, 0.012, 0.0, 8 * 3600.0)
    assert said.startswith("1:02:05 of 8:00:00, 6 h 57 min left  sessions 7/10  ")
    assert "lateness p99 12 ms" in said


def test_a_run_that_is_over_has_nothing_left() -> None:
    """It may be closing sessions."""
    assert "00:11 of 00:10, 0 s left" in line([], 11.5, None, None, 0.0, 10.0)


def test_a_run_without_an_end_says_no_time_left() -> None:
    """Until somebody stops it."""
    assert line([], 11.5, None, None, 0.3, None).startswith("00:11  sessions 0  ")
