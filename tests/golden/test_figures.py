"""The figures of a small run written by hand, each by its definition."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from loadtests.model.gates.gates import parse_gate
from loadtests.model.run.scenario import Scenario
from reports.analysis.counterfactual import MISSED, STOPPED_IN_VAIN, UNPLANNED
from reports.analysis.slots import HOLDERS
from reports.build import plain

from .story import STARTED, TOOK, Story


def _crowded() -> Story:
    """Limit 2: one person talks, one leaks; two are refused, one of them twice; all is free again in the end."""
    story = Story().opens(1, 1.0, 60.0).opens(2, 2.0, 20.0).listed(1, 1.5).listed(2, 2.5)
    story.call(1, "task", 5.0, value=1.0).leaves(2, 4.0, "abandon")
    story.note(1, "quiet", 10.0, 20.0).call(1, "keep_alive", 20.0, intended=19.9, waited=0.06).note(1, "resume", 30.0)
    story.note(3, "arrive", 12.0, 50.0, "close").refused(3, 12.0).refused(3, 14.0)
    story.note(3, "give-up", 14.01, 2, "concurrency-limit")
    story.note(4, "arrive", 15.0, 50.0, "close").refused(4, 15.0).call(4, "new", 23.0, value=30.0, detail="id-4")
    story.vanishes(2, 21.5, 22.5).leaves(4, 30.0, "close").stops(4, 30.0).leaves(1, 40.0, "close").stops(1, 40.0)
    story.vanishes(1, 39.5, 40.5)
    story.note(5, "arrive", 41.0, 50.0, "close").refused(5, 41.0, "rate-limit")
    story.note(5, "give-up", 41.01, 1, "rate-limit")
    return story.note(0, "loop", 45.0, 0.004).looks(45)


def test_the_three_figures_of_hits_are_never_mixed(tmp_path: Path) -> None:
    """Three refused attempts, two of them first attempts, one person lost; the rate limit is no hit."""
    hits = _crowded().analysed(tmp_path).summary["concurrency_hits"]
    assert (hits["count"], hits["first_attempts"], hits["persons_lost"]) == (3, 2, 1)
    assert hits["first_attempt_share"] == pytest.approx(2 / 5)
    assert hits["other_refusals"] == {"rate-limit": 1}


def test_who_held_the_slots_at_the_hits(tmp_path: Path) -> None:
    """At each of the three hits, one slot was quiet and one leaked."""
    analysis = _crowded().analysed(tmp_path)
    assert analysis.summary["concurrency_hits"]["held_by"]["quiet"] == pytest.approx(0.5)
    assert analysis.summary["concurrency_hits"]["held_by"]["leaked"] == pytest.approx(0.5)
    (episode,) = analysis.hits.episodes
    assert episode["held"]["leaked"] == 1.0
    # Session 2 ended when it was due (2 + 20 s, as it had no activity after the answer to `new`).
    assert episode["wait"] == pytest.approx(22.0 - 14.0)


def test_hits_that_would_have_happened_without_the_leaks(tmp_path: Path) -> None:
    """Session 2 left at 4 s: the first to be refused gets its slot at 12 s and stays for the 50 s that were planned, and so
    keeps out the second at 15 s and at 23 s.
    """
    hits = _crowded().analysed(tmp_path).summary["concurrency_hits"]
    assert hits["without_leaks"] == {
        "first_attempts": 1,
        "measured": 2,
        "replayed": 2,
        "same": 2,
        "until": None,
        "unknown": None,
        "caused": 1,
        "agreement": 1.0,
        "is_near": True,
    }


def test_a_replay_that_misses_what_was_measured_says_so(tmp_path: Path) -> None:
    """The API takes one session where it advertises two: the replay finds room for everybody."""
    story = Story().opens(1, 1.0).listed(1, 1.5).note(2, "arrive", 3.0, 5.0, "close").refused(2, 3.0)
    story.leaves(1, 9.0, "close").stops(1, 9.0).opens(3, 10.0).leaves(3, 12.0, "abandon").looks(20)
    found = story.analysed(tmp_path / "in vain").counterfactual
    assert (found.first_attempts, found.caused, found.unknown) == (None, None, STOPPED_IN_VAIN), "it is still listed"
    found = story.vanishes(1, 8.5, 9.5).analysed(tmp_path / "missed").counterfactual
    assert (found.measured, found.replayed, found.is_near) == (1, 0, False)
    assert (found.first_attempts, found.caused, found.unknown) == (None, None, MISSED)


def test_a_slot_that_the_api_does_not_give_back_is_no_leak(tmp_path: Path) -> None:
    """Stopped at 20; the API does not know the session and lists it to the end, at 60. In use until 20, closing from then on."""
    story = Story().opens(1, 5.0).listed(1, 5.5).leaves(1, 20.0, "close")
    story.call(1, "stop", 20.0, outcome="fail", status=404, code=10006, reason="session-not-found").looks(60)
    analysis = story.refused(2, 40.0).analysed(tmp_path, limit=1)
    assert analysis.slots.seconds["leaked"] == 0
    assert analysis.slots.seconds["active"] == pytest.approx(15.0, abs=0.1)
    assert analysis.slots.seconds["closing"] == pytest.approx(39.5, abs=0.1)
    assert analysis.summary["concurrency_hits"]["slots"]["closing"] == 1
    assert analysis.summary["leaks"] == []
    assert "leaks-held-the-limit" not in {finding.name for finding in analysis.findings}


def test_two_sessions_of_one_id_hold_two_slots(tmp_path: Path) -> None:
    """The list shows the second one under an id that nobody was told: it is counted once, and not to the end of the run."""
    story = Story().opens(1, 5.0).listed(1, 5.5).note(2, "arrive", 10.0, 100.0, "close")
    story.call(2, "new", 10.0, value=30.0, detail="id-1").note(0, "stranger", 11.5, STARTED + 10, "untold").looks(90)
    slots = story.analysed(tmp_path).slots
    assert (slots.peak, slots.seconds["others"]) == (2, 0)
    assert sum(slots.seconds.values()) == pytest.approx(60.0, abs=0.1)


def test_sessions_of_others_hold_slots_in_the_replay_too(tmp_path: Path) -> None:
    """Three slots: one is a stranger's, one a user's, one a leak's. Without the stranger the replay would refuse nobody."""
    story = Story().note(0, "stranger", 0.5, STARTED, "x").opens(1, 1.0).listed(1, 1.5).opens(2, 2.0).listed(2, 2.5)
    story.leaves(1, 5.0, "abandon").note(3, "arrive", 10.0, 5.0, "close").refused(3, 10.0).leaves(
        2, 50.0, "close"
    ).stops(2, 50.0)
    found = story.vanishes(2, 50.0, 50.5).vanishes(1, 30.5, 31.5).looks(60).analysed(tmp_path, limit=3).counterfactual
    assert (found.measured, found.replayed, found.is_near, found.first_attempts) == (1, 1, True, 0)


def test_without_a_limit_or_a_plan_the_counterfactual_is_unknown(tmp_path: Path) -> None:
    """Nothing is made up: neither the limit, nor how long somebody of an audit meant to stay."""
    told = _crowded().analysed(tmp_path / "a", limit=None).counterfactual
    assert (told.first_attempts, told.measured, told.unknown) == (None, 2, "the account's limit is not known")
    story = Story().call(1, "new", 1.0, value=30.0, detail="id-1").refused(2, 3.0).looks(20)
    told = story.analysed(tmp_path / "b", audit=True, limit=1).counterfactual
    assert told.first_attempts is None
    assert told.unknown == UNPLANNED


def test_a_run_without_hits_needs_no_replay(tmp_path: Path) -> None:
    """Nobody was refused, with the leaks: nobody would have been without."""
    story = Story().opens(1, 1.0).leaves(1, 4.0, "abandon").looks(40)
    found = story.analysed(tmp_path, limit=None).counterfactual
    assert (found.first_attempts, found.measured, found.is_near) == (0, 0, True)


def test_a_run_without_leaks_needs_no_replay(tmp_path: Path) -> None:
    """Whatever the reason of the refusals was, leaks are none; but an answer that was lost may have opened a session."""
    story = Story().opens(1, 1.0).refused(2, 3.0).looks(40)
    found = story.analysed(tmp_path / "a", limit=None)
    assert (found.counterfactual.first_attempts, found.counterfactual.caused) == (1, 0)
    assert found.summary["cause"] == "No session leaked: the load alone caused 1 first refusal."
    story.call(3, "new", 5.0, outcome="unknown", status=0, reason="timeout", value=30.0)
    assert story.analysed(tmp_path / "b", limit=None).counterfactual.first_attempts is None


def test_a_run_too_long_to_replay_is_replayed_from_its_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is compared is cut off at the same moment, and said."""
    monkeypatch.setattr("reports.analysis.counterfactual.MOST_ATTEMPTS", 3)
    found = _crowded().analysed(tmp_path).counterfactual
    assert (found.measured, found.replayed, found.first_attempts, found.until) == (1, 1, 0, 14.0)


def test_slot_seconds_by_holder(tmp_path: Path) -> None:
    """Session 1: active 9 + 10 s, quiet 20; session 2: active 2, leaked until due at 22; session 4: active 7."""
    seconds = _crowded().analysed(tmp_path).summary["slot_seconds"]
    assert seconds["quiet"] == pytest.approx(20.0)
    assert seconds["active"] == pytest.approx((9 - TOOK) + 10 + (2 - TOOK) + (7 - TOOK))
    assert seconds["leaked"] == pytest.approx(18.0)
    assert seconds["closing"] == pytest.approx(2 * TOOK)


@pytest.mark.parametrize(("last_listed", "ended"), [(19.5, 20.0 + TOOK), (22.0, 22.5)])
def test_a_slot_is_free_when_stop_answers_unless_a_later_list_still_has_it(
    tmp_path: Path, last_listed: float, ended: float
) -> None:
    """A list that was asked for before the stop says nothing about the time after it."""
    story = Story().opens(1, 1.0).listed(1, 1.5).leaves(1, 20.0, "close").stops(1, 20.0)
    analysis = story.vanishes(1, last_listed, last_listed + 1).looks(30).analysed(tmp_path)
    assert list(analysis.sessions["ended"]) == [pytest.approx(ended)]
    assert list(analysis.sessions["fate"]) == ["closed"]


def test_each_column_of_the_chart_has_the_least_and_the_most(tmp_path: Path) -> None:
    """Sessions 1 and 2 hold both slots from 2 s, session 2 until it is due at 22 s; the holders add up to the most."""
    slots = _crowded().analysed(tmp_path).slots
    totals = slots.totals
    assert slots.peak == 2
    assert (totals[list(HOLDERS)].sum(axis=1) == totals["most"]).all()
    full, opening = totals.loc[int(15 / slots.width)], totals.loc[int((2 + TOOK) / slots.width)]
    assert (full["least"], full["most"], full["leaked"], full["quiet"]) == (2, 2, 1, 1)
    assert (opening["least"], opening["most"]) == (1, 2)


def test_a_slot_that_is_being_closed_is_not_counted_twice(tmp_path: Path) -> None:
    """With a limit of one, the next session is answered before the stop of the one before: the peak is one."""
    story = Story().opens(1, 1.0).leaves(1, 5.0, "close").call(1, "stop", 5.0, took=0.5).opens(2, 5.1).stops(2, 9.0)
    assert story.looks(20).analysed(tmp_path, limit=1).summary["sessions"]["peak"] == 1


def test_margin_and_lateness_of_a_keep_alive(tmp_path: Path) -> None:
    """Margin: send of the activity before (5 s) + timeout (60 s) − answer (20.01 s). Lateness: 0.1 s after it was due."""
    figures = _crowded().analysed(tmp_path).summary["keep_alive"]
    assert figures["margin"]["p50"] == pytest.approx(65 - 20 - TOOK)
    assert figures["lateness"]["p50"] == pytest.approx(0.1)


def test_only_loop_delay_is_the_generators(tmp_path: Path) -> None:
    """Of the keep-alive's 0.1 s, 0.06 went into waiting for a connection."""
    figures = _crowded().analysed(tmp_path).summary["generator"]
    assert figures["loop_delay"]["max"] == pytest.approx(0.04)
    assert figures["connection_wait"]["max"] == pytest.approx(0.06)


def test_latency_from_the_intended_time_holds_the_lateness(tmp_path: Path) -> None:
    """Coordinated omission: 0.01 s from the send are 0.11 s from when it was due."""
    summary = _crowded().analysed(tmp_path).summary
    assert summary["latency"]["keep_alive"]["max"] == pytest.approx(TOOK)
    assert summary["latency_from_intended"]["keep_alive"]["max"] == pytest.approx(0.1 + TOOK)


def test_a_keep_alive_that_was_refused_has_a_margin_too(tmp_path: Path) -> None:
    """Due at 31, sent at 37, "session closed": six seconds too late, and the worst margin is what a gate looks at."""
    story = Story().opens(1, 1.0, 30.0).call(1, "keep_alive", 10.0)
    story.call(1, "keep_alive", 46.0, outcome="fail", status=400, reason="session-closed").leaves(1, 47.0, "given-up")
    margin = story.looks(60).analysed(tmp_path).summary["keep_alive"]["margin"]
    assert margin["min"] == pytest.approx(40 - 46 - TOOK)


def test_gates_are_unknown_where_unobserved_sessions_could_break_them(tmp_path: Path) -> None:
    """Nobody saw the end of one session: "none was lost to idleness" cannot be said."""
    story = Story().opens(1, 1.0).opens(2, 2.0).stops(2, 5.0).leaves(1, 3.0, "abandon").note(0, "loop", 9.0, 0.001)
    for gate in ("sessions.lost_to_idle == 0", "sessions.fates.dropped == 0", "sessions.fates.leaked-late < 1"):
        assert story.analysed(tmp_path / gate[:24], scenario=_scenario(gate)).verdict.result == "unknown"
    assert story.analysed(tmp_path / "more", scenario=_scenario("sessions.fates.closed > 0")).verdict.result == "pass"


def test_a_look_at_a_run_that_goes_on_does_not_freeze_its_report(tmp_path: Path) -> None:
    """What was compacted while the run went on is not what the report is made of when it is over."""
    first = Story().opens(1, 1.0).stops(1, 5.0)
    assert first.analysed(tmp_path, ended=None).summary["sessions"]["opened"] == 1
    later = first.opens(2, 6.0).stops(2, 9.0)
    assert later.analysed(tmp_path).summary["sessions"]["opened"] == 2


@pytest.mark.parametrize(("idle_timeout", "covered"), [(60.0, 1), (14.0, 0)])
def test_a_quiet_period_is_covered_if_no_gap_reaches_the_timeout(
    tmp_path: Path, idle_timeout: float, covered: int
) -> None:
    """Activities at 5, 20 and 32 s: the longest gap within the quiet period from 10 to 30 s is 15 s."""
    story = Story().opens(1, 1.0, idle_timeout).call(1, "task", 5.0).note(1, "quiet", 10.0, 20.0)
    story.call(1, "keep_alive", 20.0).note(1, "resume", 30.0).call(1, "task", 32.0).stops(1, 40.0)
    coverage = story.looks(45).analysed(tmp_path).keep_alives.coverage
    assert list(coverage["periods"]) == [1]
    assert list(coverage["covered"]) == [covered]


def test_summary_json_is_as_it_was(tmp_path: Path, golden: Callable[[str, str], None]) -> None:
    """The interface grows but does not break: the whole summary of the crowded run."""
    summary = _crowded().reported(tmp_path).summary
    golden("summary.json", json.dumps(plain(summary), indent=1) + "\n")
    assert json.loads((tmp_path / "run" / "summary.json").read_text()) == plain(summary)


def _scenario(*gates: str) -> Scenario:
    return Scenario.model_validate(
        {"name": "by-hand", "stages": [{"duration": 1, "load": {}}], "gates": [parse_gate(gate) for gate in gates]}
    )


@pytest.mark.parametrize(
    ("gates", "verdict"),
    [
        (["sessions.fates.lingering == 0"], "pass"),
        (["concurrency_hits.count == 0"], "fail"),
        (["concurrency_hits.first_attempt_share < 50%"], "pass"),
        (["keep_alive.margin.p1 > 50s", "concurrency_hits.persons_lost < 1"], "fail"),
        (["latency.start.p99 < 1s"], "unknown"),
        (["latency.start.p99 < 1s", "concurrency_hits.count == 0"], "fail"),
        ([], "pass"),
    ],
)
def test_verdicts(tmp_path: Path, gates: list[str], verdict: str) -> None:
    """Fail if a gate fails; unknown if one was not measured (no start was sent); else pass."""
    assert _crowded().analysed(tmp_path, scenario=_scenario(*gates)).verdict.result == verdict


def test_a_late_generator_makes_a_pass_unknown(tmp_path: Path) -> None:
    """A stall longer than the tolerance: neither the run nor its gate passes."""
    story = _crowded().note(0, "loop", 30.0, 3.0)
    analysis = story.analysed(tmp_path, scenario=_scenario("sessions.fates.lingering == 0"))
    assert [analysis.verdict.result, *(gate.result for gate in analysis.verdict.gates)] == ["unknown", "unknown"]
    assert "stalled for 3 s" in analysis.verdict.sentence


def test_a_late_generator_makes_a_failed_timing_unknown_but_no_failed_count(tmp_path: Path) -> None:
    """What it distorts is timing."""
    late = _crowded().note(0, "loop", 30.0, 3.0)
    slow = late.analysed(tmp_path / "a", scenario=_scenario("latency.new.p99 < 1ms"))
    assert slow.verdict.result == "unknown"
    full = late.analysed(tmp_path / "b", scenario=_scenario("concurrency_hits.count == 0"))
    assert full.verdict.result == "fail"


def test_nothing_measured_is_unknown(tmp_path: Path) -> None:
    """A run in which no session was opened and none refused."""
    assert Story().looks(5).analysed(tmp_path).verdict.result == "unknown"


def test_a_run_that_was_cut_off_is_unknown(tmp_path: Path) -> None:
    """Killed before its end: whatever it measured until then."""
    analysis = _crowded().analysed(tmp_path, ended=None, load_ended=None)
    assert analysis.verdict.result == "unknown"
    assert "cut off" in analysis.verdict.sentence
