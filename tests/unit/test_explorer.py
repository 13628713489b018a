"""Which sessions are shown: all of a few; of many the interesting ones, and some of each kind."""

from __future__ import annotations

import pandas as pd
import pytest

from reports.findings.finding import Finding
from reports.page.explorer import INTEREST, LONGEST_TEXT, choose_sessions, clipped


def _sessions(**counts: int) -> pd.DataFrame:
    """So many sessions of each fate ("_" for "-"), numbered in the order of their opening; ghosts and overdue ones by name."""
    rows = []
    for kind, count in counts.items():
        fate = {"ghost": "lingering", "overdue": "swept"}.get(kind, kind.replace("_", "-"))
        flags = {"ghost": kind == "ghost", "overdue": kind == "overdue"}
        rows += [{"session": len(rows) + n, "fate": fate, "opened": len(rows) + n, **flags} for n in range(count)]
    return pd.DataFrame(rows, columns=["session", "fate", "opened", "ghost", "overdue"])


def _finding(*numbers: int) -> Finding:
    return Finding("some-finding", "warning", "API", "certain", "said", "advice", numbers)


def test_all_of_a_few_are_shown_the_worst_first() -> None:
    """In the order of interest, and of time within a class."""
    choice = choose_sessions(_sessions(closed=2, leaked_reaped=1, ghost=1, overdue=1), [])
    assert list(choice.sessions["session"]) == [3, 4, 2, 0, 1]
    assert (choice.total, choice.shown["closed"]) == (5, (2, 2))


def test_of_many_each_class_gets_its_share_and_the_rest_goes_by_interest() -> None:
    """Three classes and nine places: three each, but for the one that has less; what it leaves goes to the worst."""
    choice = choose_sessions(_sessions(closed=100, leaked_reaped=100, lingering=1), [], most=9)
    assert choice.shown == {"lingering": (1, 1), "leaked-reaped": (5, 100), "closed": (3, 100)}
    assert len(choice.sessions) == 9


def test_a_sample_is_spread_over_the_run() -> None:
    """The first, the last, and evenly what lies between."""
    choice = choose_sessions(_sessions(closed=101), [], most=5)
    assert list(choice.sessions["session"]) == [0, 25, 50, 75, 100]


def test_what_a_finding_names_is_shown_at_any_rate() -> None:
    """The first eight of them, wherever they lie in the run."""
    choice = choose_sessions(_sessions(closed=1000), [_finding(*range(300, 320))], most=20)
    assert set(range(300, 308)) <= set(choice.sessions["session"])
    assert len(choice.sessions) == 20


@pytest.mark.parametrize("most", [0, 1, 5])
def test_there_are_never_more_than_asked_for(most: int) -> None:
    """However many a finding names."""
    assert len(choose_sessions(_sessions(closed=30), [_finding(*range(8))], most=most).sessions) == most


def test_no_sessions_are_no_choice() -> None:
    """A run in which none was opened."""
    choice = choose_sessions(_sessions(), [])
    assert (choice.total, choice.shown, len(choice.sessions)) == (0, {}, 0)


def test_every_fate_has_its_place() -> None:
    """A fate that is added must be placed."""
    from loadtests.model.log.fate import FATES

    assert set(FATES) <= set(INTEREST)


def test_a_text_from_the_api_is_clipped() -> None:
    """As long as whoever wrote it liked."""
    assert clipped("x" * 1000) == "x" * LONGEST_TEXT + "…"
    assert clipped("short") == "short"
    assert clipped(None) == ""
