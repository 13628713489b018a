"""What a list proves that leaves out open sessions, or shows ended ones. From logs written by hand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.matrix.runs import accusations

from .story import TOOK, Story

_END = 60.0
"""The last looks are sent at 58.5 and 59.5 s."""


def _watched() -> Story:
    """Sessions 1 and 2 with an idle timeout of 120 s, both left at 12 s; the list omits session 1 for two seconds."""
    story = Story().looks(_END)
    for session in (1, 2):
        story.opens(session, 5.0, 120.0).listed(session, 5.51).leaves(session, 12.0, "abandon")
    return story


def _omitted(story: Story) -> Story:
    return story.vanishes(1, 19.5, 20.51).note(1, "seen", 22.51, 22.5)


def _fates(summary: dict[str, Any]) -> dict[str, int]:
    return {fate: n for fate, n in summary["sessions"]["fates"].items() if n}


@pytest.mark.parametrize(("last", "fate"), [(57.5, "unobserved"), (56.5, "unobserved"), (50.5, "leaked-early")])
def test_an_end_is_seen_if_the_list_lacks_the_session_for_longer_than_it_omits_any(
    tmp_path: Path, last: float, fate: str
) -> None:
    """Session 1 was missing for two looks and open. Session 2 is missing in the last ones: it may be open, too."""
    summary = _omitted(_watched()).vanishes(2, last, last + 1.01).analysed(tmp_path).summary
    assert summary["sessions"]["fates"][fate] == (2 if fate == "unobserved" else 1)
    is_early = fate == "leaked-early"
    assert accusations(summary["findings"]) == {"list-inconsistent", *(["unexplained-ends"] if is_early else [])}


def test_the_oldest_session_is_not_said_to_be_capped(tmp_path: Path) -> None:
    """It is missing from the last lists, and no session lived longer."""
    story = _omitted(_watched()).opens(3, 2.0, 120.0).listed(3, 2.51)
    for t in range(10, 60, 10):
        story.call(3, "keep_alive", float(t))
    summary = story.leaves(3, 56.0, "abandon").vanishes(3, 57.5, 58.51).analysed(tmp_path).summary
    assert accusations(summary["findings"]) == {"list-inconsistent"}


@pytest.mark.parametrize(("last", "fate"), [(58.5, "unobserved"), (57.5, "leaked-early")])
def test_an_end_before_it_was_due_takes_a_second_look(tmp_path: Path, last: float, fate: str) -> None:
    """The last list of a run may be the one that is incomplete."""
    summary = _watched().vanishes(2, last, last + 1.01).analysed(tmp_path).summary
    assert summary["sessions"]["fates"][fate] == (2 if fate == "unobserved" else 1)
    assert bool(accusations(summary["findings"])) == (fate == "leaked-early")


def test_one_look_is_enough_when_the_end_was_due(tmp_path: Path) -> None:
    """Due at 54.01, and missing in the last list."""
    story = Story().opens(1, 5.0, 54.0).listed(1, 5.51).leaves(1, 12.0, "abandon").looks(_END).vanishes(1, 58.5, 59.51)
    assert _fates(story.analysed(tmp_path).summary) == {"leaked-reaped": 1}


def test_a_stop_closes_what_the_list_left_out(tmp_path: Path) -> None:
    """Missing from the last list and stopped afterwards: the acknowledged stop closed it."""
    story = _omitted(_watched()).stops(1, 59.6, closing=2).vanishes(2, 57.5, 58.51).stops(2, 59.6, closing=2)
    summary = story.analysed(tmp_path).summary
    assert _fates(summary) == {"swept": 2}
    assert accusations(summary["findings"]) == {"list-inconsistent"}


def test_a_stopped_session_that_is_listed_for_a_while_was_stopped(tmp_path: Path) -> None:
    """It left the list too late to prove that it is gone; its stop is not said to be without effect."""
    story = _omitted(_watched()).stops(1, 50.0, closing=2).vanishes(1, 49.5, 50.51)
    summary = story.stops(2, 50.0, closing=2).vanishes(2, 57.5, 58.51).analysed(tmp_path).summary
    assert "stop-without-effect" not in accusations(summary["findings"])
    assert _fates(summary) == {"swept": 2}


def _ended_and_listed(most: int) -> Story:
    """Six sessions are stopped, a seventh is reaped; the list shows them to the end, up to `most` at once. The limit is 2."""
    story = Story()
    for session in range(1, 8):
        story.opens(session, 4.0 * session).listed(session, 4.0 * session + 1.51)
        if session < 7:
            story.leaves(session, 4.0 * session + 2, "close").stops(session, 4.0 * session + 2)
    story.leaves(7, 29.0, "abandon").call(
        7, "stop", 59.6, outcome="fail", status=404, reason="session-not-found", value=2.0
    )
    for second in range(70):
        story.call(0, "list", second + 0.5, value=float(min(second // 4, most)))
    return story


def test_a_list_with_more_sessions_than_the_limit_shows_none_to_be_open(tmp_path: Path) -> None:
    """However long it shows them: nobody is accused of ghosts, of stops without effect or of a reaper that is late."""
    analysis = _ended_and_listed(7).analysed(tmp_path)
    assert accusations(analysis.summary["findings"]) == {"list-lags"}
    (text,) = (finding.text for finding in analysis.findings if finding.name == "list-lags")
    assert "6 of 6 stopped sessions were listed" in text
    assert "or longer" in text
    assert _fates(analysis.summary) == {"closed": 6, "leaked-reaped": 1}


def test_a_list_within_the_limit_is_believed(tmp_path: Path) -> None:
    """Stops without effect look the same, but for the slots that the sessions then hold."""
    assert "list-lags" not in accusations(_ended_and_listed(2).analysed(tmp_path).summary["findings"])


def _stopped(listed_for: float) -> Story:
    """Six sessions with an idle timeout of 30 s are stopped after two seconds, and listed for so long."""
    story = Story().looks(120)
    for session in range(1, 7):
        opened = 4.0 * session
        story.opens(session, opened).listed(session, opened + 0.51).leaves(session, opened + 2, "close")
        story.stops(session, opened + 2).vanishes(session, opened + 1.5 + listed_for, opened + 2.51 + listed_for)
    return story


def test_what_the_list_shows_after_every_end_is_no_proof_of_one_session(tmp_path: Path) -> None:
    """All stopped sessions are listed for 20 s. So is one whose stop came 5 s before it was due, and one that was reaped."""
    story = _stopped(20.0)
    story.opens(7, 40.0).listed(7, 40.51).leaves(7, 65.0, "close").stops(7, 65.0).vanishes(7, 84.5, 85.51)
    story.opens(8, 40.0).listed(8, 40.51).leaves(8, 41.0, "abandon").vanishes(8, 89.5, 90.51)
    story.call(8, "stop", 75.0, outcome="fail", status=404, reason="session-not-found", value=2.0)
    summary = story.analysed(tmp_path, limit=50).summary
    assert accusations(summary["findings"]) == {"slot-release-lag"}
    assert _fates(summary) == {"closed": 7, "leaked-reaped": 1}


def test_stops_after_which_each_session_ends_when_it_is_due_have_no_effect(tmp_path: Path) -> None:
    """However much their times on the list agree."""
    summary = _stopped(28.0).analysed(tmp_path, limit=50).summary
    (found,) = (finding for finding in summary["findings"] if finding["name"] == "stop-without-effect")
    assert (found["confidence"], found["sessions"]) == ("certain", [1, 2, 3, 4, 5, 6])


def test_an_id_that_was_given_twice_rules_out_no_cause(tmp_path: Path) -> None:
    """Sessions end at the age of 20 s. A list and a call that show the id of sessions 4 and 5 for 55 s may be about either."""
    story = Story().looks(_END)
    for session in (1, 2, 3):
        story.opens(session, 5.0 + session, 120.0).listed(session, 5.51 + session)
        story.call(session, "keep_alive", 12.0 + 3 * session).vanishes(session, 24.5 + session, 25.51 + session)
    for session, t in ((4, 3.0), (5, 38.0)):
        story.call(session, "new", t, value=120.0, detail="id-4").listed(session, t + 0.51)
    story.call(4, "keep_alive", 55.0).vanishes(4, 57.5, 58.51)
    found = accusations(story.analysed(tmp_path).summary["findings"])
    assert {"duplicate-session-ids", "hidden-duration-cap"} <= found
    assert "unexplained-ends" not in found


def test_a_list_that_shows_only_new_sessions_late_accuses_nobody_of_early_ends(tmp_path: Path) -> None:
    """It shows sessions from four seconds after `new` on, and none after its stop: ends are not corrected by the lag."""
    story = Story().looks(120)
    for number in range(1, 11):
        opened, stopped = 5.0 + 5 * number, 30.3 + 5 * number
        story.opens(number, opened, 300.0).listed(number, opened + 4.5 + TOOK)
        story.leaves(number, stopped, "close").stops(number, stopped).vanishes(
            number, stopped - 0.8, stopped + 0.2 + TOOK
        )
    analysis = story.analysed(tmp_path, limit=20)
    assert accusations(analysis.summary["findings"]) == {"list-lags"}
    assert set(analysis.sessions["fate"]) == {"closed"}
