"""One second of a run: the figures of all processes put together."""

from __future__ import annotations

import pytest

from loadtests.engine.occupancy import Leak, LeakEnd
from loadtests.run.snapshot import ProcessSnapshot
from loadtests.webui.frame import MOST_LEAKS, frame, warnings_of


def test_the_figures_of_all_processes_are_put_together() -> None:
    """Sums of counts, the worst lateness, the least margin."""
    one = ProcessSnapshot(
        9.0,
        held=3,
        leaks=1,
        hits=2,
        keep_alive_late=0.01,
        margin_min=5.0,
        worst_delay=0.2,
        sessions={"calm": {"active": 2, "leaked": 1}},
        hits_by_profile={"calm": 2},
    )
    other = ProcessSnapshot(
        9.1, held=2, hits=1, margin_min=2.0, sessions={"calm": {"quiet": 2}}, hits_by_profile={"busy": 1}
    )
    whole = frame(9.2, [one, other], listed=6, others=1)
    assert (whole.active, whole.quiet, whole.leaked, whole.others) == (2, 2, 1, 1)
    assert (whole.held, whole.hits, whole.leaks, whole.processes) == (5, 3, 1, 2)
    assert (whole.late, whole.margin, whole.delay) == (0.01, 2.0, 0.2)
    assert [(line.profile, line.active, line.hits) for line in whole.profiles] == [("busy", 0, 1), ("calm", 2, 2)]


def test_a_profile_keeps_its_row_and_totals_when_its_sessions_are_over() -> None:
    """And has one before the first session; a profile that nobody named has one as soon as it has sessions."""
    one = ProcessSnapshot(9.0, opened_by_profile={"calm": 7, "own": 1}, hits_by_profile={"calm": 2})
    other = ProcessSnapshot(9.0, opened_by_profile={"calm": 3})
    whole = frame(9.0, [one, other], None, 0, profiles=["calm", "busy"])
    assert [(line.profile, line.opened, line.hits, line.active) for line in whole.profiles] == [
        *(("busy", 0, 0, 0), ("calm", 10, 2, 0), ("own", 1, 0, 0)),
    ]


@pytest.mark.parametrize(
    ("listed", "others", "shown"),
    [(5, 3, (3, 1, 4)), (3, 1, (2, 0, 3)), (2, 0, (1, 0, 2)), (None, 0, (3, 0, 4))],
    ids=["both are listed", "one is listed", "none is listed", "no list"],
)
def test_a_session_without_an_answer_counts_once(listed: int | None, others: int, shown: tuple[int, int, int]) -> None:
    """As leaked if the list may show it, else not at all; never as a session of others, too."""
    snapshot = ProcessSnapshot(9.0, held=4, leaks=1, sessions={"calm": {"active": 1, "leaked": 1, "unconfirmed": 2}})
    whole = frame(9.0, [snapshot], listed, others)
    assert (whole.leaked, whole.others, whole.held) == shown
    assert whole.leaks == whole.leaked


def test_the_leaks_due_next_are_those_of_all_processes() -> None:
    """In the order in which they are due, and as many as one process names."""
    pulses = [
        ProcessSnapshot(
            0.0,
            due_next=[Leak(each, "calm", "crash", "", due=each) for each in range(start, 60, 2)],
            ended_last=[LeakEnd(start, "calm", "crash", "", 1.0, 1.0, ended=start)],
        )
        for start in (0, 1)
    ]
    whole = frame(1.0, pulses, None, 0)
    assert [leak.due for leak in whole.due] == list(range(MOST_LEAKS))
    assert [end.session for end in whole.reaped] == [1, 0]


def test_a_generator_that_cannot_keep_up_is_named_at_once_and_not_forgotten() -> None:
    """Late now; and once later than the tolerance, for the rest of the run."""
    late = [ProcessSnapshot(5.0, worst_delay=0.4)]
    assert "cannot keep up" in " ".join(warnings_of(late, 0.4, tolerance=1.0))
    assert warnings_of([ProcessSnapshot(6.0)], 0.4, tolerance=1.0) == []
    assert "stalled for 2.5 s" in " ".join(warnings_of([ProcessSnapshot(7.0)], 2.5, tolerance=1.0))


def test_events_that_were_lost_and_errors_of_ours_are_told() -> None:
    """Either makes the verdict unknown."""
    said = " ".join(warnings_of([ProcessSnapshot(1.0, lost_events=7), ProcessSnapshot(1.0, defects=2)], 0.0, 1.0))
    assert "7 events" in said
    assert "2 internal errors" in said
