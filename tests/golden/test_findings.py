"""Each finding of a load run, from a log written by hand, and beside it a log that does not show it."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from loadtests.model.gates.finding_names import AUDIT_FINDINGS, FINDINGS
from loadtests.model.gates.gates import parse_gate
from loadtests.model.people.profile import Profile, build_profile
from loadtests.model.run.scenario import Scenario
from reports.build import judge_run
from reports.findings.catalogue import CHECKS
from reports.findings.check import Check, run_checks
from reports.findings.finding import Finding
from reports.summary import Analysis

from .story import STARTED, TOOK, Story

LOOKS = 120.0
Made = Story | tuple[Story, dict[str, Any]]
"""A story, and what its manifest says else."""


def analysed(made: Made, folder: Path) -> Analysis:
    """What the report makes of it, without a page."""
    story, manifest = made if isinstance(made, tuple) else (made, {})
    return judge_run(story.write(folder / "run", **manifest))


def found(made: Made, folder: Path) -> dict[str, Finding]:
    """The findings, by name."""
    return {finding.name: finding for finding in analysed(made, folder).findings}


def person(**tables: object) -> dict[str, dict[str, Profile]]:
    """A manifest that knows the profile of these tables by the name `test`."""
    tables = {"name": "test", "session_length": 100, **tables}
    return {"people": {"test": build_profile("test", tables, Path(), (1, 3599))}}


def judged(*gates: str, timeout: float = 10.0) -> dict[str, Scenario]:
    """A manifest with a scenario of these gates."""
    stages = [{"duration": 1, "load": {}}]
    tables = {"name": "by-hand", "stages": stages, "gates": list(map(parse_gate, gates)), "timeout": timeout}
    return {"scenario": Scenario.model_validate(tables)}


def _open() -> Story:
    """Session 1: idle timeout 30 s, last activity at 10: due at 40."""
    return Story().opens(1, 5.0).call(1, "task", 10.0, value=2.0).listed(1, 5.5)


def _left(way: str = "abandon") -> Story:
    return _open().leaves(1, 12.0, way).looks(LOOKS)


def _listed_late(lag: float) -> Story:
    """Ten leaks, due 30 s after they were opened, and reaped on time; the list shows everything `lag` seconds late."""
    story = Story().looks(120)
    for number in range(1, 11):
        opened = 5.0 + number
        first = math.ceil(opened + lag + TOOK - 0.5) + 0.5
        gone = math.ceil(opened + 30.0 + lag + TOOK - 0.5) + 0.5
        story.opens(number, opened).listed(number, first + TOOK).leaves(number, opened + 1, "abandon")
        story.vanishes(number, gone - 1, gone + TOOK)
    return story


def _idle(*lives: tuple[float, float, float], keep_alives: tuple[float, ...] = ()) -> Story:
    """Sessions of (idle timeout, last task, end), each opened at its number; the list saw the end within a second."""
    story = Story().looks(400)
    for number, (idle_timeout, spoke, end) in enumerate(lives, start=1):
        story.opens(number, number, idle_timeout).listed(number, number + 0.5)
        story.call(number, "task", number + spoke, value=1.0)
        for beat in keep_alives:
            story.call(number, "keep_alive", number + spoke + beat * idle_timeout)
        story.vanishes(number, number + end - 0.5, number + end + 0.5)
    return story


def _refusals(*times: float, limit: int | None = 2, opened: int = 2, **columns: Any) -> Made:
    story = Story().looks(LOOKS)
    for number in range(1, opened + 1):
        story.opens(number, 1.0 + number, 300.0).listed(number, 2.5 + number).call(number, "task", 40.0)
        story.leaves(number, 80.0, "close").stops(number, 80.0).vanishes(number, 79.5, 80.5)
    for number, t in enumerate(times, start=90):
        story.note(number, "arrive", t, 50.0, "close")
        story.call(
            number,
            "new",
            t,
            **{
                "outcome": "fail",
                "status": 429,
                "code": 10007,
                "value": 30.0,
                "reason": "concurrency-limit",
                "detail": "Concurrent limit reached",
                **columns,
            },
        )
    return story, {"limit": limit}


def _answers(took: Callable[[int], float], kind: str = "task", every: float = 2.0, n: int = 300) -> Story:
    story = Story().opens(1, 0.5, 300.0)
    for i in range(n):
        story.call(1, kind, 1.0 + i * every, took=took(i))
    return story.looks(n * every)


def _new(took: float, others: float) -> Story:
    story = Story().looks(60)
    for number in range(1, 7):
        story.call(number, "new", float(number), took=took, value=60.0, detail=f"id-{number}")
        story.call(number, "task", number + 20.0, took=others)
    return story


def _lost(created: float) -> Story:
    story = Story().call(1, "new", 5.0, outcome="unknown", took=3.0, value=30.0, reason="timeout", status=0)
    return story.note(0, "stranger", 8.5, STARTED + created, "ghost-id").looks(60)


def _no_answer(reason: str, kind: str = "task", took: float = 10.0, status: int = 0) -> Story:
    return _open().call(1, kind, 20.0, outcome="unknown", status=status, code=0, took=took, reason=reason).looks(60)


def _quiet(*beats: float, idle_timeout: float = 30.0) -> Story:
    story = Story().opens(1, 5.0, idle_timeout).call(1, "task", 6.0).note(1, "quiet", 7.0, 80.0).looks(LOOKS)
    for beat in beats:
        story.call(1, "keep_alive", beat)
    return story.note(1, "resume", 87.0).leaves(1, 88.0, "close").stops(1, 88.0)


def _beating(*gaps: float) -> Story:
    """Keep-alives of a silent person, so many seconds apart."""
    story, t = Story().opens(1, 5.0, 120.0).listed(1, 5.5), 6.0
    for gap in gaps:
        t += gap
        story.call(1, "keep_alive", t)
    return story.leaves(1, t + 1, "close").stops(1, t + 1).vanishes(1, t + 0.5, t + 1.5).looks(int(t) + 5)


def _given_up(attempts: int) -> Story:
    story = Story().opens(1, 1.0, 300.0).listed(1, 1.5)
    story.note(2, "arrive", 5.0, 50.0, "close")
    for attempt in range(attempts):
        story.refused(2, 5.0 + 3 * attempt)
    return story.note(2, "give-up", 5.5 + 3 * attempts, attempts, "concurrency-limit").looks(60)


def _storm(*pauses: float) -> Story:
    story, t = Story().opens(1, 1.0, 300.0).listed(1, 1.5).note(2, "arrive", 5.0, 50.0, "close"), 5.0
    story.refused(2, t)
    for pause in pauses:
        t += pause
        story.refused(2, t)
    return story.looks(60)


def _crowded(way: str | None) -> Made:
    """Limit 1: its one session is leaked or not when two others are refused."""
    story = _open() if way is None else _open().leaves(1, 12.0, way)
    return story.refused(2, 15.0).refused(3, 20.0).vanishes(1, 39.5, 40.5).looks(60), {"limit": 1}


def _refused_although_free(*times: float) -> Made:
    """Limit 2: two sessions at first, then none for a minute; and once more."""
    story = Story().looks(200)
    for number, t in enumerate((1.0, 1.5, 65.0, 65.5), start=1):
        story.opens(number, t, 300.0).listed(number, t + 1).leaves(number, t + 5, "close").stops(number, t + 5)
        story.vanishes(number, t + 5, t + 6)
    for number, t in enumerate(times, start=90):
        story.note(number, "arrive", t, 50.0, "close").refused(number, t + 30)
    return story, {"limit": 2}


def _unsent(reason: str, error: str | None = None) -> dict[str, Any]:
    return {"outcome": "fail", "status": 0, "code": 0, "took": 0.0, "reason": reason, "detail": error}


SHOWN: dict[str, tuple[Made, Made]] = {
    "lingering-sessions": (
        _left().call(1, "stop", 60.0, outcome="unknown", status=500, value=2.0, reason="server-error"),
        _left().vanishes(1, 39.5, 40.5),
    ),
    "ghost-sessions": (
        _left("close").call(1, "stop", 12.0, outcome="fail", status=404, code=10006, reason="session-not-found"),
        _left("close")
        .vanishes(1, 40.5, 41.5)
        .call(1, "stop", 41.0, outcome="fail", status=404, code=10006, reason="session-not-found"),
    ),
    "keepalive-ignored": (
        _idle((30, 1, 31), (60, 2, 62), (90, 3, 93), keep_alives=(0.4, 0.8)),
        _idle((30, 1, 55), (60, 2, 110), (90, 3, 165), keep_alives=(0.4, 0.8)),
    ),
    "timeout-clamped": (
        _idle((60, 1, 41), (90, 20, 60), (120, 35, 75)),
        _idle((60, 1, 61), (90, 20, 110), (120, 50, 170)),
    ),
    "hidden-duration-cap": (
        _idle((60, 45, 50), (90, 41, 50), (120, 48, 50)),
        _idle((30, 45, 75), (40, 41, 81), (30, 48, 78)),
    ),
    "early-reap": (
        _idle((60, 10, 60), (90, 20, 100), (120, 50, 160)),
        _idle((60, 10, 70), (90, 20, 110), (120, 50, 170)),
    ),
    "late-reap": (_left().vanishes(1, 50.5, 51.5), _left().vanishes(1, 40.5, 41.5)),
    "slot-release-lag": (
        _left("close").stops(1, 12.0).vanishes(1, 15.5, 16.5),
        _left("close").stops(1, 12.0).vanishes(1, 11.5, 12.5),
    ),
    "limit-below-advertised": (_refusals(40.0, 50.0, limit=5), _refusals(40.0, 50.0, limit=2)),
    "errors-in-200": (_refusals(40.0, status=200), _refusals(40.0, status=429)),
    "hanging-requests": (_no_answer("timeout"), _no_answer("cut")),
    "slow-new": (_new(7.0, 0.03), _new(7.0, 6.0)),
    "lost-answers": (_lost(5.0), _lost(40.0)),
    "unstable-answers": (_no_answer("server-error", status=503), _no_answer("cut")),
    "rate-limited": (_refusals(40.0, reason="rate-limit", detail="Exceed rate limit"), _refusals(40.0)),
    "quota-exhausted": (_refusals(40.0, reason="quota", detail="Trial API limit reached"), _refusals(40.0)),
    "latency-drift": (_answers(lambda i: 0.05 + i * 0.0003), _answers(lambda i: 0.05 + 0.01 * (i % 7))),
    "unclosed-sessions": (_left().vanishes(1, 39.5, 40.5), _left("close").stops(1, 12.0).vanishes(1, 11.5, 12.5)),
    "zombie-keepalives": (
        _left("zombie").call(1, "keep_alive", 30.0).vanishes(1, 59.5, 60.5),
        _open().call(1, "keep_alive", 30.0).leaves(1, 31.0, "close").stops(1, 31.0).looks(60),
    ),
    "uncovered-quiet-periods": (_quiet(20, 60), _quiet(20, 40, 60, 80)),
    "keepalive-too-tight": (_quiet(34.5, 63.5), _quiet(20, 40, 60, 80)),
    "keepalive-slower-than-timeout": (
        (_open().looks(60), person(idle_timeout=30, keep_alive={"when": "always", "every": 60})),
        (_open().looks(60), person(idle_timeout=30, keep_alive={"when": "always", "every": 20})),
    ),
    "keepalive-throttled": (_beating(20, 20, 20, 20, 35, 60, 60), _beating(20, 20, 20, 20, 60, 20, 20)),
    "retry-storm": (_storm(0.2, 0.2), _storm(0.2, 0.4, 0.8)),
    "double-open": (_left("reopen").vanishes(1, 39.5, 40.5), _left("abandon").vanishes(1, 39.5, 40.5)),
    "no-stop-after-failed-start": (
        _open()
        .call(1, "start", 11.0, outcome="fail", status=400, reason="session-state")
        .leaves(1, 12.0, "failed-start"),
        _open()
        .call(1, "start", 11.0, outcome="fail", status=400, reason="session-state")
        .leaves(1, 12.0, "close")
        .stops(1, 12),
    ),
    "deprecated-disable-idle-timeout": (
        (_open().looks(60), person(disable_idle_timeout=True)),
        (_open().looks(60), person()),
    ),
    "sessions-lost-to-idle": (_open().vanishes(1, 39.5, 40.5).looks(60), _left().vanishes(1, 39.5, 40.5)),
    "ignored-concurrency-errors": (_given_up(1), _given_up(3)),
    "leaks-held-the-limit": (_crowded("abandon"), _crowded(None)),
    "limit-too-low": (_crowded(None), _crowded("abandon")),
    "hits-by-wording": (
        _refusals(40.0, status=400, code=0, detail="User has reached maximum concurrent conversations"),
        _refusals(40.0),
    ),
    "limit-inferred": (_refusals(40.0, 50.0, limit=None), _refusals(40.0, 50.0, limit=2)),
    "generator-late": (_open().note(0, "loop", 30.0, 3.0).looks(60), _open().note(0, "loop", 30.0, 0.3).looks(60)),
    "run-incomplete": ((_open().looks(60), {"ended": None}), _open().looks(60)),
    "too-few-samples": (
        (_open().looks(60), judged("latency.task.p99 < 1s")),
        (_open().looks(60), judged("latency.task.max < 1s")),
    ),
    "list-unavailable": (_open(), _open().looks(60)),
    "list-inconsistent": (
        _open().vanishes(1, 20.0, 21.0).call(1, "keep_alive", 25.0).looks(60),
        _open().call(1, "keep_alive", 20.0).vanishes(1, 49.0, 50.5).looks(60),
    ),
    "list-lags": (_listed_late(5.0), _listed_late(0.0)),
    "duplicate-session-ids": (
        Story().call(1, "new", 1.0, value=30.0, detail="id-1").call(2, "new", 2.0, value=30.0, detail="id-1").looks(60),
        Story().opens(1, 1.0).opens(2, 2.0).looks(60),
    ),
    "stop-without-effect": (
        _left("close").stops(1, 12.0).vanishes(1, 39.5, 40.5).looks(60),
        _left("close").stops(1, 12.0).vanishes(1, 14.5, 15.5).looks(60),
    ),
    "failed-calls": (
        _refusals(
            40.0, 50.0, 55.0, status=400, reason="refused", detail="User has reached maximum concurrent conversations"
        ),
        _refusals(40.0),
    ),
    "unexplained-refusals": (_refused_although_free(60.0, 120.0), _refused_although_free()),
    "unexplained-ends": (
        _idle((60, 0, 20), (60, 0, 35), (90, 0, 50)),
        _idle((60, 0, 60), (60, 0, 60), (90, 0, 90)),
    ),
    "unreachable": (
        _open().call(1, "keep_alive", 20.0, **_unsent("connect", "ECONNREFUSED")).looks(60),
        _open().call(1, "keep_alive", 20.0, **_unsent("run-ended")).looks(60),
    ),
    "out-of-resources": (
        _open().call(1, "keep_alive", 20.0, **_unsent("out-of-resources", "EMFILE")).looks(60),
        _open().call(1, "keep_alive", 20.0, **_unsent("connect", "ECONNREFUSED")).looks(60),
    ),
    "stale-connections": (_no_answer("stale-connection", "new", took=0.01), _no_answer("reset", "new", took=0.01)),
    "worker-lost": (_open().looks(60).note(0, "worker-lost", 10, 5, "1"), _open().looks(60)),
}
"""By the finding's name: what shows it, and what does not."""


@pytest.mark.parametrize("name", SHOWN)
def test_it_is_found_where_it_is(tmp_path: Path, name: str) -> None:
    """With its figures, its owner, and what to do about it."""
    finding = found(SHOWN[name][0], tmp_path)[name]
    assert finding.severity in ("problem", "warning", "note", "modelled"), finding.text
    assert any(character.isdigit() for character in finding.text)
    assert finding.text.endswith(".")
    assert finding.advice


@pytest.mark.parametrize("name", SHOWN)
def test_it_is_not_found_where_it_is_not(tmp_path: Path, name: str) -> None:
    """And the check says pass or unknown."""
    analysis = analysed(SHOWN[name][1], tmp_path)
    assert name not in [finding.name for finding in analysis.findings]
    assert analysis.summary["checks"][name] in ("pass", "unknown")


def test_every_finding_is_tested_here() -> None:
    """A finding that is added needs logs of its own; names are those of the registry."""
    assert {check.name for check in CHECKS} == set(SHOWN)
    assert len(CHECKS) == len(SHOWN)
    assert set(SHOWN) == set(FINDINGS) - set(AUDIT_FINDINGS)


@pytest.mark.parametrize(
    ("lives", "names"),
    [
        (((60, 10, 60), (60, 20, 70), (60, 40, 90)), {"timeout-clamped", "early-reap"}),
        (((60, 1, 50), (90, 1, 50), (120, 1, 50)), {"hidden-duration-cap", "timeout-clamped"}),
    ],
)
def test_what_cannot_be_told_apart_is_said_to_be_so(
    tmp_path: Path, lives: tuple[tuple[float, float, float], ...], names: set[str]
) -> None:
    """One idle timeout alone: cut to 50 s, or 10 s early. Idle all their lives: a cut timeout, or a cap.

    One finding, which names the other; the other's check is unknown.
    """
    analysis = analysed(_idle(*lives), tmp_path)
    (told,) = [finding for finding in analysis.findings if finding.name in names]
    assert told.confidence == "unknown"
    others = {name for name in names if f"({name})" in told.text}
    assert others
    assert all(analysis.summary["checks"][name] == "unknown" for name in others)


def test_a_load_generator_that_stalls_is_no_throttled_client(tmp_path: Path) -> None:
    """Keep-alives that are sent a minute apart, but were due each 20 s: the delay is our own."""
    story = _beating(20, 20, 20, 20)
    for number in (1, 2, 3):
        story.call(1, "keep_alive", 86.0 + 60 * number, intended=86.0 + 20 * number)
    assert "keepalive-throttled" not in found(story, tmp_path)


def test_ends_without_a_rule_are_early_all_the_same(tmp_path: Path) -> None:
    """Nothing in common: dropped, and said to have nothing in common."""
    finding = found(_idle((60, 1, 11), (90, 20, 55), (120, 50, 70), (60, 3, 43)), tmp_path)["unexplained-ends"]
    assert "no common cause" in finding.text
    assert finding.sessions == (1, 2, 3, 4)


def test_a_cause_that_others_outlived_is_none(tmp_path: Path) -> None:
    """Four sessions ended at the age of 30 s; six lived six times as long, so that it is no cap."""
    early = ((60, 20, 30), (90, 25, 30), (120, 10, 30), (70, 15, 30))
    lasting = tuple((60.0, 120.0 + number, 180.0 + number) for number in range(6))
    assert "hidden-duration-cap" in found(_idle(*early), tmp_path / "a")
    told = found(_idle(*early, *lasting), tmp_path / "b")
    assert "hidden-duration-cap" not in told
    assert "unexplained-ends" in told


def test_a_lag_that_the_list_does_not_show_is_seen_by_refusals(tmp_path: Path) -> None:
    """The limit was honoured, and refusals within seconds of a stop had less than that open."""
    story = Story().looks(LOOKS)
    for number in (1, 2):
        story.opens(number, 1.0 + number, 300.0).listed(number, 2.5 + number).call(number, "task", 40.0)
    story.leaves(1, 50.0, "close").stops(1, 50.0).vanishes(1, 49.5, 50.5)
    story.refused(3, 50.5).refused(4, 51.5)
    finding = found(story, tmp_path)["slot-release-lag"]
    assert (finding.severity, finding.confidence) == ("problem", "likely")


def test_a_timeout_of_our_own_that_is_too_short_is_no_hanging(tmp_path: Path) -> None:
    """Answers that take seconds, and a patience of 5 s: unknown, not the API's fault."""
    story = _answers(lambda i: 3.0 + i % 2, n=40)
    story.call(1, "task", 90.0, outcome="unknown", status=0, code=0, took=5.0, reason="timeout")
    analysis = analysed((story, judged(timeout=5.0)), tmp_path)
    assert analysis.summary["checks"]["hanging-requests"] == "unknown"
    assert "4 s" in analysis.summary["checks_unknown"]["hanging-requests"]


def test_a_warm_up_is_no_drift(tmp_path: Path) -> None:
    """Slow at first, then always the same; and answers that become faster are none either."""
    for number, took in enumerate((lambda i: 0.5 if i < 30 else 0.05, lambda i: 0.2 - i * 0.0005)):
        assert "latency-drift" not in found(_answers(took), tmp_path / str(number))


def test_a_drift_under_a_growing_load_is_not_sure(tmp_path: Path) -> None:
    """Twice as many calls at the end: the finding says that it may be the load."""
    story = _answers(lambda i: 0.05 + i * 0.0003)
    for i in range(150):
        story.call(1, "task", 301.0 + 2 * i, took=0.05 + (150 + i) * 0.0003)
    finding = found(story, tmp_path)["latency-drift"]
    assert finding.confidence == "unknown"
    assert "The load rose" in finding.text


def test_a_drift_of_one_kind_of_call_is_found_beside_many_others(tmp_path: Path) -> None:
    """Ten `new` that always take two seconds for each stop, which takes three times as long at the end."""
    story = _answers(lambda i: 2.0, "new", every=0.2, n=3000)
    for i in range(300):
        story.call(1, "stop", 1.1 + 2 * i, took=0.1 + i * 0.0007, value=0.0)
    finding = found(story, tmp_path)["latency-drift"]
    assert finding.text.startswith("Answers to stop took")
    assert "(99.8 % interval" in finding.text


@pytest.mark.parametrize(("age", "confidence"), [(60, "unknown"), (50, "likely")])
def test_an_age_of_one_idle_timeout_may_be_calls_without_effect(tmp_path: Path, age: float, confidence: str) -> None:
    """An API whose tasks do not reset the idle timer: everybody's session ends 60 s after it was opened."""
    finding = found(_idle((60, 45, age), (60, 41, age), (60, 38, age)), tmp_path)["hidden-duration-cap"]
    assert finding.confidence == confidence
    assert ("as if no call had reset it" in finding.text) == (confidence == "unknown")


def test_a_session_that_ends_when_due_has_not_lagged_where_stops_have_no_effect(tmp_path: Path) -> None:
    """Session 2 is stopped two seconds before it is due, by an API that ignored another stop."""
    story = Story().looks(LOOKS)
    for number, stopped in ((1, 12.0), (2, 33.0)):
        story.opens(number, 5.0).listed(number, 5.5).leaves(number, stopped, "close").stops(number, stopped)
        story.vanishes(number, 34.5, 35.5)
    assert "stop-without-effect" in found(story, tmp_path / "ignored")
    assert "slot-release-lag" not in found(story, tmp_path / "ignored")


def test_the_accounts_own_rules_are_no_faults_of_the_api(tmp_path: Path) -> None:
    """Full, rate limit, quota, a session closed on time, a half request: nothing of severity problem."""
    story, manifest = _refusals(40.0, 50.0, limit=2)  # type: ignore[misc]
    assert isinstance(story, Story)
    story.refused(50, 60.0, "rate-limit").refused(51, 61.0, "quota").refused(52, 62.0, "session-full")
    story.opens(60, 10.0).listed(60, 10.5).leaves(60, 15.0, "crash")
    story.call(60, "task", 15.0, outcome="unknown", status=0, code=0, took=0.001, reason="cut").vanishes(60, 44.5, 45.5)
    names = [finding.name for finding in found((story, manifest), tmp_path).values() if finding.severity == "problem"]
    assert names == []


def test_without_the_list_what_only_it_shows_is_unknown(tmp_path: Path) -> None:
    """Never a pass."""
    checks = analysed(_open().leaves(1, 12.0, "abandon"), tmp_path).summary["checks"]
    assert {checks[name] for name in ("lingering-sessions", "ghost-sessions", "late-reap")} == {"unknown"}


@pytest.mark.parametrize(("second", "is_late"), [(40.0, False), (50.0, True)])
def test_without_the_list_an_acknowledged_call_shows_that_a_session_is_late(
    tmp_path: Path, second: float, is_late: bool
) -> None:
    """Due at 40.05, 30 s after the answer to the call before it. Any call may have been activity, also one that failed."""
    story = _open().call(1, "task", second, value=2.0)
    finding = found(story, tmp_path / "plain").get("late-reap")
    assert (finding and (finding.confidence, finding.sessions)) == (("likely", (1,)) if is_late else None)
    story.call(1, "start", 30.0, outcome="fail", status=503)
    assert "late-reap" not in found(story, tmp_path / "failed")


def test_a_checker_that_throws_is_unknown(caplog: pytest.LogCaptureFixture) -> None:
    """It says so by its name, and the others are carried out."""

    def fail(evidence: object) -> None:
        raise ZeroDivisionError

    nothing: Any = None
    findings, outcomes = run_checks([Check("slow-new", fail), Check("early-reap", lambda evidence: None)], nothing)
    assert [(outcome.name, outcome.result) for outcome in outcomes] == [("slow-new", "unknown"), ("early-reap", "pass")]
    (finding,) = findings
    assert (finding.name, finding.severity) == ("slow-new", "unknown")
    assert "slow-new" in caplog.text


def test_what_the_api_says_is_not_said_again(tmp_path: Path) -> None:
    """Its messages and ids are hostile; no finding repeats them."""
    hostile = "<img src=x onerror=alert(1)>"
    story, manifest = _refusals(40.0, 50.0, reason="concurrency-limit", detail=f"{hostile}")  # type: ignore[misc]
    assert isinstance(story, Story)
    story.note(0, "stranger", 20.0, 0.0, hostile)
    for finding in found((story, manifest), tmp_path).values():
        assert "<" not in finding.text + finding.advice


def test_refusals_that_no_table_knows_keep_a_run_from_passing(tmp_path: Path) -> None:
    """A full account in other words: a problem in the API's own words, and a verdict that is not pass."""
    made = _refusals(
        40.0, 50.0, 55.0, status=400, reason="refused", detail="User has reached maximum concurrent conversations"
    )
    analysis = analysed(made, tmp_path)
    (finding,) = [finding for finding in analysis.findings if finding.name == "failed-calls"]
    assert finding.severity == "problem"
    assert "3 of 5 new calls (60 %) failed" in finding.text
    assert "User has reached maximum concurrent conversations" in finding.text
    assert analysis.verdict.result == "unknown"


def test_a_list_that_lags_accuses_no_reaper(tmp_path: Path) -> None:
    """All sessions are reaped on time and seen to go 5 s later: no early, late or lingering session."""
    analysis = analysed(_listed_late(5.0), tmp_path)
    assert [finding.name for finding in analysis.findings if finding.severity == "problem"] == []
    assert set(analysis.sessions["fate"]) == {"leaked-reaped"}


def test_slots_that_lost_answers_held_are_the_apis_doing(tmp_path: Path) -> None:
    """The only session at the hit is one whose `new` was never answered."""
    story = _lost(5.0)
    assert isinstance(story, Story)
    story.note(91, "arrive", 20.0, 50.0, "close").refused(91, 20.0)
    finding = found(story, tmp_path)["leaks-held-the-limit"]
    assert (finding.owner, finding.confidence) == ("API", "likely")


@pytest.mark.parametrize(("findings", "result"), [("report", "pass"), ("fail", "fail")])
def test_the_verdict_names_problems_and_a_scenario_lets_them_fail(tmp_path: Path, findings: str, result: str) -> None:
    """All gates hold, and the API lost an answer whose session lingers."""
    story = _lost(5.0)
    assert isinstance(story, Story)
    story.opens(1, 40.0).stops(1, 50.0)
    scenario = judged("concurrency_hits.count == 0")["scenario"].model_copy(update={"findings": findings})
    analysis = analysed((story, {"scenario": scenario}), tmp_path)
    assert analysis.verdict.result == result
    assert "2 problems found (lingering-sessions, lost-answers)" in analysis.verdict.sentence


def test_a_ghost_is_not_reported_as_lingering_too(tmp_path: Path) -> None:
    """The stop could not find it, and the list shows it long after it was due: one finding, not two."""
    story = _left("close").call(1, "stop", 12.0, outcome="fail", status=404, code=10006, reason="session-not-found")
    names = set(found(story.looks(90), tmp_path))
    assert "ghost-sessions" in names
    assert "lingering-sessions" not in names
