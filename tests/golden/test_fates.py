"""Each fate, from a log written by hand; DESIGN's definitions are what binds."""

from __future__ import annotations

from pathlib import Path

import pytest

from loadtests.model.log.fate import FATES

from .story import STARTED, Story

_FULL_LOOKS = 120.0


def _fate(story: Story, folder: Path) -> str:
    analysis = story.looks(_FULL_LOOKS).analysed(folder)
    assert sum(analysis.summary["sessions"]["fates"].values()) == len(analysis.sessions)
    return str(analysis.sessions["fate"].iloc[0])


def _open() -> Story:
    """Session 1: idle timeout 30 s, last activity at 10: due at 40."""
    return Story().opens(1, 5.0).call(1, "task", 10.0, value=2.0).listed(1, 5.5)


def _left(way: str = "abandon") -> Story:
    return _open().leaves(1, 12.0, way)


def test_closed(tmp_path: Path) -> None:
    """The person leaves and stop is acknowledged."""
    assert _fate(_left("close").stops(1, 12.0).vanishes(1, 11.5, 12.5), tmp_path) == "closed"


def test_censored(tmp_path: Path) -> None:
    """We closed it because the run ended, the person being there."""
    assert _fate(_open().stops(1, 20.0, closing=1).vanishes(1, 19.5, 20.5), tmp_path) == "censored"


def test_swept(tmp_path: Path) -> None:
    """A leak that we closed at the end, before it was due."""
    analysis = _left().stops(1, 30.0, closing=2).vanishes(1, 29.5, 30.5).looks(40).analysed(tmp_path)
    assert list(analysis.sessions["fate"]) == ["swept"]
    assert list(analysis.sessions["overdue"]) == [False]


def test_swept_and_overdue(tmp_path: Path) -> None:
    """A leak that we closed although the API should have reaped it: marked."""
    analysis = _left().stops(1, 50.0, closing=2).vanishes(1, 49.5, 50.5).looks(60).analysed(tmp_path)
    assert list(analysis.sessions["fate"]) == ["swept"]
    assert list(analysis.sessions["overdue"]) == [True]
    assert "lingering-sessions" in [finding.name for finding in analysis.findings]


def test_expired(tmp_path: Path) -> None:
    """Reaped when due, the person being there."""
    assert _fate(_open().vanishes(1, 39.5, 40.5), tmp_path) == "expired"


def test_expired_is_told_by_a_failing_call_too(tmp_path: Path) -> None:
    """Without the list, "session closed" says that it ended, between the last success and that answer."""
    story = (
        _open().call(1, "task", 45.0, outcome="fail", status=400, reason="session-closed").leaves(1, 45.01, "given-up")
    )
    assert list(story.analysed(tmp_path).sessions["fate"]) == ["expired"]


def test_dropped(tmp_path: Path) -> None:
    """Ended by the API before idleness was due, the person being there."""
    assert _fate(_open().vanishes(1, 20.5, 21.5), tmp_path) == "dropped"


def test_leaked_reaped(tmp_path: Path) -> None:
    """A leak that the API reaped when it was due."""
    assert _fate(_left().vanishes(1, 39.5, 40.5), tmp_path) == "leaked-reaped"


@pytest.mark.parametrize(
    ("last", "gone", "fate"),
    [
        (37.5, 38.5, "leaked-early"),
        (38.5, 39.5, "leaked-reaped"),
        (20.0, 39.5, "leaked-reaped"),
        (40.5, 41.5, "leaked-reaped"),
        (41.5, 42.5, "leaked-late"),
        (40.9, 90.0, "leaked-reaped"),
    ],
)
def test_early_and_late_are_said_only_of_a_whole_interval(tmp_path: Path, last: float, gone: float, fate: str) -> None:
    """Due at 40 ± 1 s: the interval must lie outside it as a whole."""
    assert _fate(_left().vanishes(1, last, gone), tmp_path) == fate


def test_due_is_an_interval_when_the_last_activity_is_unknown(tmp_path: Path) -> None:
    """A crash's half request may have counted or not: an end at either due time is on time."""
    for number, gone in enumerate((40.5, 55.5)):
        story = _open().call(1, "task", 25.0, outcome="unknown", status=0, reason="cut").leaves(1, 25.0, "crash")
        assert _fate(story.vanishes(1, gone - 1, gone), tmp_path / str(number)) == "leaked-reaped"


def test_a_zombies_due_time_counts_from_its_last_keep_alive(tmp_path: Path) -> None:
    """The timer survived until 50: due at 80."""
    story = _left("zombie").call(1, "keep_alive", 30.0).call(1, "keep_alive", 50.0).vanishes(1, 79.5, 80.5)
    assert _fate(story, tmp_path) == "leaked-reaped"


def test_capped(tmp_path: Path) -> None:
    """Ended by the duration limit that `new` told, although it was active."""
    story = (
        Story()
        .opens(1, 5.0, cap=20.0)
        .call(1, "task", 15.0)
        .call(1, "task", 24.0)
        .listed(1, 5.5)
        .vanishes(1, 24.5, 25.5)
    )
    assert _fate(story, tmp_path) == "capped"


def test_lingering(tmp_path: Path) -> None:
    """Overdue, still listed, and not closed."""
    story = _left().call(1, "stop", 60.0, outcome="unknown", status=500, value=2.0, reason="server-error")
    assert _fate(story, tmp_path) == "lingering"


def test_a_stop_that_frees_nothing_closes_nothing(tmp_path: Path) -> None:
    """Acknowledged, and listed to the end all the same: lingering, whatever the API said."""
    assert _fate(_left("close").stops(1, 12.0), tmp_path) == "lingering"


def test_a_session_that_stop_cannot_find_while_the_list_has_it_is_a_ghost(tmp_path: Path) -> None:
    """The list outweighs a 404; what is overdue then lingers, and goes to the API's support."""
    story = _left("close").call(1, "stop", 12.0, outcome="fail", status=404, reason="session-not-found")
    analysis = story.looks(_FULL_LOOKS).reported(tmp_path)
    assert list(analysis.sessions["fate"]) == ["lingering"]
    assert list(analysis.sessions["ghost"]) == [True]
    assert "id-1" in (tmp_path / "run" / "support.csv").read_text()
    assert "early-reap" not in [finding.name for finding in analysis.findings]


def test_a_list_that_has_it_again_annuls_one_that_had_it_not(tmp_path: Path) -> None:
    """One short list is no end."""
    story = _left().vanishes(1, 19.5, 20.5).note(1, "seen", 21.5, 21.4).vanishes(1, 39.5, 40.5)
    assert _fate(story, tmp_path) == "leaked-reaped"


@pytest.mark.parametrize(("closing", "fate"), [(0, "closed"), (2, "swept")])
def test_a_stop_whose_answer_was_lost_explains_an_early_end(tmp_path: Path, closing: int, fate: str) -> None:
    """Nobody is accused of an early reap for it."""
    story = _left("close" if closing == 0 else "abandon")
    story.call(1, "stop", 15.0, outcome="unknown", status=0, value=float(closing), reason="reset")
    assert _fate(story.vanishes(1, 14.5, 15.5), tmp_path) == fate


def test_who_sent_a_stop_that_failed_has_not_leaked(tmp_path: Path) -> None:
    """The client tried; the sweep at the end closed it."""
    story = _left("close").call(1, "stop", 12.0, outcome="unknown", status=500, reason="server-error")
    analysis = story.stops(1, 20.0, closing=2).vanishes(1, 19.5, 20.5).looks(60).analysed(tmp_path)
    assert list(analysis.sessions["fate"]) == ["stop-failed"]
    assert analysis.summary["sessions"]["leaked"] == 0


def test_a_stop_that_a_rate_limit_refused_is_no_leak_of_any_kind(tmp_path: Path) -> None:
    """The person sent a stop, the API refused it, and reaped the session when it was due: fates and leaks agree."""
    story = _left("close").call(1, "stop", 12.0, outcome="fail", status=429, reason="rate-limit")
    analysis = story.vanishes(1, 39.5, 40.5).looks(60).analysed(tmp_path)
    assert list(analysis.sessions["fate"]) == ["stop-failed"]
    assert analysis.summary["sessions"]["leaked"] == 0
    assert "unclosed-sessions" not in [finding.name for finding in analysis.findings]


def test_a_person_who_is_present_has_not_leaked_whatever_the_api_refuses(tmp_path: Path) -> None:
    """At the end of the run the stop is refused twice, and the list still shows the session."""
    story = _open()
    for t in (50.0, 51.0):
        story.call(1, "stop", t, outcome="fail", status=404, reason="session-not-found", value=1.0)
    analysis = story.looks(90).analysed(tmp_path)
    assert analysis.summary["sessions"]["leaked"] == 0
    assert "unclosed-sessions" not in [finding.name for finding in analysis.findings]
    assert "ghost-sessions" in [finding.name for finding in analysis.findings]


def test_an_acknowledged_call_overrules_a_list_without_the_session(tmp_path: Path) -> None:
    """The session disappears from the list at 21 s, and a keep-alive at 25 s is acknowledged: it did not end at 21 s."""
    story = _open().vanishes(1, 20.0, 21.0).call(1, "keep_alive", 25.0).stops(1, 30.0)
    analysis = story.looks(60).analysed(tmp_path)
    (row,) = analysis.sessions.to_dict("records")
    assert row["fate"] == "closed"
    assert row["end_low"] <= row["end_high"]
    assert "early-reap" not in [finding.name for finding in analysis.findings]


def test_ghosts_of_failed_stops_resolve_no_lost_answer(tmp_path: Path) -> None:
    """One answer of `new` was lost and nothing explains it; another session is a ghost: one is unresolved."""
    story = Story().call(7, "new", 5.0, outcome="unknown", took=3.0, value=30.0, reason="timeout", status=0)
    story.opens(1, 1.0).listed(1, 1.5).leaves(1, 10.0, "close")
    story.call(1, "stop", 10.0, outcome="fail", status=404, reason="session-not-found")
    assert story.looks(60).analysed(tmp_path).summary["sessions"]["unresolved"] == 1


def test_a_person_who_was_there_is_censored_whichever_stop_succeeded(tmp_path: Path) -> None:
    """The first stop of the run's end failed, the sweep's did not."""
    story = _open().call(1, "stop", 20.0, outcome="unknown", status=500, value=1.0, reason="server-error")
    assert _fate(story.stops(1, 25.0, closing=2).vanishes(1, 24.5, 25.5), tmp_path) == "censored"


def test_a_sweep_that_nobody_watched_may_have_come_too_late(tmp_path: Path) -> None:
    """Without the list, an acknowledged stop of a session that was due long ago proves nothing."""
    analysis = _left().stops(1, 60.0, closing=2).analysed(tmp_path)
    analysis_without_list = (
        Story().opens(1, 5.0).leaves(1, 12.0, "abandon").stops(1, 60.0, closing=2).analysed(tmp_path / "b")
    )
    assert list(analysis_without_list.sessions["fate"]) == ["unobserved"]
    assert list(analysis.sessions["overdue"]) == [False]


def test_a_stranger_that_came_long_after_is_nobodys_ghost(tmp_path: Path) -> None:
    """An API that tells no created_at: only a session listed soon after the lost answer can be its."""
    story = Story().call(1, "new", 5.0, outcome="unknown", took=3.0, value=30.0, reason="timeout", status=0)
    analysis = story.note(0, "stranger", 60.0, 0.0, "late").looks(90).analysed(tmp_path)
    assert analysis.summary["sessions"]["unresolved"] == 1


def test_unobserved_without_the_list(tmp_path: Path) -> None:
    """Nobody looked: nothing is known of the end."""
    assert list(_left().analysed(tmp_path).sessions["fate"]) == ["unobserved"]


def test_a_lost_answer_that_the_list_explains_is_a_ghost(tmp_path: Path) -> None:
    """Listed, not ours, created while the lost `new` was under way: opened, and leaked by lost answer."""
    story = Story().call(1, "new", 5.0, outcome="unknown", took=3.0, value=30.0, reason="timeout", status=0)
    story.note(0, "stranger", 8.5, STARTED + 5, "ghost-id").note(0, "stranger-gone", 36.0, 35.0, "ghost-id")
    analysis = story.looks(60).reported(tmp_path)
    assert analysis.summary["sessions"]["opened"] == 1
    assert analysis.summary["sessions"]["unresolved"] == 0
    assert list(analysis.sessions["fate"]) == ["leaked-reaped"]
    assert "ghost-id" in (tmp_path / "run" / "support.csv").read_text()


def test_a_lost_answers_session_that_one_list_lacks_has_not_ended(tmp_path: Path) -> None:
    """Due at 35 to 38.5. Its slot is held until the list lacks it for good; a stranger's, too."""
    story = Story().call(1, "new", 5.0, outcome="unknown", took=3.0, value=30.0, reason="timeout", status=0)
    for name, created in (("ghost-id", 5), ("somebody-elses", 1)):
        story.note(0, "stranger", 8.5, STARTED + created, name).note(0, "stranger-gone", 20.5, 19.5, name)
        story.note(0, "stranger", 21.5, STARTED + created, name).note(0, "stranger-gone", 36.5, 35.5, name)
    analysis = story.looks(60).analysed(tmp_path)
    assert list(analysis.sessions["fate"]) == ["leaked-reaped"]
    assert analysis.slots.seconds["others"] == 36.5 - 8.5
    assert analysis.slots.seconds["leaked"] == 35.5 - 8.5


def test_a_lost_answer_that_nothing_explains_is_unresolved(tmp_path: Path) -> None:
    """It may have opened a session: counted apart, not as opened."""
    story = Story().call(1, "new", 5.0, outcome="unknown", took=3.0, value=30.0, reason="timeout", status=0)
    story.note(0, "stranger", 40.0, STARTED + 39, "somebody-elses")
    analysis = story.looks(60).analysed(tmp_path)
    assert analysis.summary["sessions"]["opened"] == 0
    assert analysis.summary["sessions"]["unresolved"] == 1
    assert analysis.slots.seconds["others"] > 0


def test_every_fate_occurs_in_one_run(tmp_path: Path) -> None:
    """Twelve sessions, each with another fate; no fate that the record names is left out."""
    story = Story()
    for number in range(1, 10):
        story.opens(number, 5.0, **({"cap": 20.0} if number == 4 else {})).listed(number, 5.5)
        story.call(number, "task", 10.0, value=2.0)
    story.leaves(1, 12.0, "close").stops(1, 12.0).vanishes(1, 11.5, 12.5)
    story.stops(2, 20.0, closing=1).vanishes(2, 19.5, 20.5)
    story.vanishes(3, 39.5, 40.5)
    story.call(4, "task", 24.0).vanishes(4, 24.5, 25.5)
    story.vanishes(5, 20.5, 21.5)
    for number, gone in ((6, 40.5), (7, 38.5), (8, 42.5)):
        story.leaves(number, 12.0, "abandon").vanishes(number, gone - 1, gone)
    story.leaves(9, 12.0, "abandon").stops(9, 30.0, closing=2).vanishes(9, 29.5, 30.5)
    story.opens(10, 5.0).listed(10, 5.5).leaves(10, 12.0, "abandon")
    story.opens(11, 110.0).listed(11, 110.5).leaves(11, 112.0, "abandon")
    story.opens(12, 20.0).listed(12, 20.5).leaves(12, 25.0, "close").vanishes(12, 49.5, 50.5)
    story.call(12, "stop", 25.0, outcome="fail", status=429, reason="rate-limit")
    sessions = story.looks(_FULL_LOOKS).analysed(tmp_path).sessions.sort_values("session")
    assert list(sessions["fate"]) == [
        *("closed", "censored", "expired", "capped", "dropped"),
        *("leaked-reaped", "leaked-early", "leaked-late", "swept", "lingering", "unobserved", "stop-failed"),
    ]
    assert set(sessions["fate"]) == set(FATES)


def test_a_session_that_outlived_its_cap_was_not_capped(tmp_path: Path) -> None:
    """`new` told a cap of 20 s, and the session was reaped for idleness 15 s after it: the cap ended nothing."""
    story = Story().opens(1, 5.0, cap=20.0).call(1, "task", 10.0, value=2.0).listed(1, 5.5)
    assert _fate(story.vanishes(1, 39.5, 40.5).looks(60), tmp_path) == "expired"
