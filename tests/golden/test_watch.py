"""What the report makes of a watch: logs of a few lists, and the figures and the verdict that they must give."""

from __future__ import annotations

import json
from contextlib import closing
from pathlib import Path

import pytest

from loadtests.model.api.answer import Reason
from loadtests.model.run.watch_terms import AlertRules
from reports.build import build_report
from reports.log.log import open_log_read_only
from reports.verdict.verdict import Verdict
from reports.watch.account import WatchedAccount, read_account
from reports.watch.verdict import judge_watch

from .watched import Watched


def read(run: Path) -> tuple[WatchedAccount, Verdict]:
    """What the watch saw, and the verdict, without the analyses of a load."""
    with closing(open_log_read_only(run)) as log:
        end = log.row("SELECT max(t + latency) / 1e9 AS t FROM events")["t"] or 0.0
        found = read_account(log, end)
        return found, judge_watch(found, log.manifest)


def account(run: Path) -> WatchedAccount:
    """What the watch saw."""
    return read(run)[0]


def test_what_was_open_opened_and_closed(tmp_path: Path) -> None:
    """Sessions of the first list, and late ones, were there before; a session that is missing once goes on."""
    watch = Watched(tmp_path)
    watch.look(a=-100, b=-5).look(a=-100, b=-5, late=-300, c=8).look(a=-100, late=-300)
    watch.look(a=-100, late=-300, c=8).look(a=-100, late=-300, c=8)
    seen = account(watch.end())
    assert (seen.before, seen.opened, seen.closed, seen.returned) == (3, 1, 1, 0)
    assert (seen.peak, seen.open_at_end, seen.looks, seen.lists) == (4, 3, 5, 5)
    assert [(row["id"], round(row["age"])) for row in seen.oldest] == [("late", 340), ("a", 140), ("c", 32)]
    assert (round(seen.oldest_at_end or 0), round(seen.median_age_at_end or 0)) == (340, 140)


def test_the_chart_shows_each_peak(tmp_path: Path) -> None:
    """However short it was: a moment of the chart stands for two hours here."""
    watch = Watched(tmp_path).look(a=-1)
    watch.now = 1_000_000
    watch.look(a=-1, b=999_999, c=999_999).look(a=-1).look(a=-1)
    watch.now = 3_000_000
    seen = account(watch.look(a=-1).end())
    assert (seen.peak, seen.course["open"].max(), (seen.course["open"] > 1).sum()) == (3, 3, 1)


def test_an_end_that_was_taken_back_is_none(tmp_path: Path) -> None:
    """The session was open all the time, and the list is inconsistent."""
    watch = Watched(tmp_path).look(a=-1).look().look().look(a=-1).look(a=-1)
    seen = account(watch.end())
    assert (seen.returned, seen.closed, seen.open_at_end, seen.peak) == (1, 0, 1, 1)
    assert set(seen.course["open"]) == {1}


def test_how_sessions_ended(tmp_path: Path) -> None:
    """By their durations, as exactly as the looks show them."""
    watch = Watched(tmp_path, idle=30, cap=100)
    soon, idle, used, cap = {"soon": 0.0}, {"idle": -15.0}, {"used": -55.0}, {"cap": -85.0}
    watch.look(**soon, **idle, **used, **cap, undated=None, stays=-1).look(**soon, **idle, **used, **cap, stays=-1)
    for _ in range(3):
        watch.look(stays=-1)
    seen = account(watch.end())
    assert seen.endings == {"before-idle": 1, "at-idle": 1, "at-cap": 1, "other": 1, "undated": 1}
    assert (seen.longer_than_idle, seen.longer_than_cap) == (1, 0)
    assert seen.durations["max"] == pytest.approx(105.1)


def test_a_creation_in_the_future_is_none(tmp_path: Path) -> None:
    """By a clock that is ahead: the session counts from the first list that has it."""
    seen = account(Watched(tmp_path, idle=15).look(a=5000).look(a=5000).look().look().end())
    assert seen.endings["undated"] == 1
    assert account(Watched(tmp_path).look(a=5000).look(a=5000).end()).oldest == [
        {"id": "a", "age": pytest.approx(10.0), "is_dated": False}
    ]


def test_without_expectations_nothing_is_said_of_endings(tmp_path: Path) -> None:
    """Nor of sessions that are too old."""
    seen = account(Watched(tmp_path).look(a=-1).look().look().end())
    assert seen.endings["undated"] == 1
    assert (seen.longer_than_idle, seen.longer_than_cap) == (None, None)


@pytest.mark.parametrize(
    ("looks", "rules", "result", "sentence"),
    [
        ("ll", {}, "pass", "Passed: the list could be read; the watch has no alerts."),
        ("ll", {"age": 3600}, "pass", "Passed: no alert was raised (age)."),
        ("ll", {"open": 2, "age": 60}, "fail", "Failed: 2 alerts raised (open, age)."),
        ("fff", {}, "unknown", "Inconclusive: 3 of 3 looks got no list (3 timeout)."),
        ("lff", {"age": 3600}, "unknown", "Inconclusive: 2 of 3 looks got no list (2 timeout)."),
        ("lf", {"age": 3600}, "pass", "Passed: no alert was raised (age)."),
        ("fff", {"unreachable": 20}, "fail", "Failed: 1 alert raised (unreachable)."),
        ("", {}, "unknown", "Inconclusive: 0 of 0 looks got no list."),
    ],
)
def test_the_verdict(tmp_path: Path, looks: str, rules: dict[str, float], result: str, sentence: str) -> None:
    """Alerts fail a watch; most looks without a list leave it inconclusive."""
    watch = Watched(tmp_path, alerts=AlertRules(**rules))  # type: ignore[arg-type]
    for each in looks:
        watch.look(a=-100, b=-100) if each == "l" else watch.fail()
    verdict = read(watch.end())[1]
    assert (verdict.result, verdict.sentence) == (result, sentence)


def test_a_watch_that_was_cut_off(tmp_path: Path) -> None:
    """Its alerts count; without any it is inconclusive."""
    watch = Watched(tmp_path, alerts=AlertRules(open=2)).look(a=-1).look(a=-1)
    assert read(watch.run)[1].sentence.startswith("Inconclusive: the watch is still running")
    watch.look(a=-1, b=20)
    assert read(watch.run)[1].sentence == "Failed: 1 alert raised (open)."


def test_the_files_of_a_report(tmp_path: Path) -> None:
    """Each has the watch's own figures, and none those of a load."""
    watch = Watched(tmp_path, alerts=AlertRules(open=2, unreachable=15), idle=60)
    watch.look(a=-100).look(a=-100, b=8).fail().fail(Reason.CONNECT).fail(Reason.CONNECT).look(a=-100).look(a=-100)
    build_report(watch.end())
    summary = json.loads((watch.run / "summary.json").read_text(encoding="utf-8"))
    assert summary["watch"]["failures"] == {"connect": 2, "timeout": 1}
    assert summary["watch"]["longest_gap"] == 40
    assert [(alert["name"], alert["resolved"]) for alert in summary["watch"]["alerts"]] == [
        ("open", 60.1),
        ("unreachable", 50.1),
    ]
    assert (summary["cause"], summary["findings"]) == ("", [])
    markdown = (watch.run / "summary.md").read_text(encoding="utf-8")
    assert "| looks with a list | 4 of 7 |" in markdown
    assert "keep-alive" not in markdown and "leaked" not in markdown
    assert 'name="streamsoak.watch.verdict"' in (watch.run / "junit.xml").read_text(encoding="utf-8")
    page = (watch.run / "report.html").read_text(encoding="utf-8")
    assert "could not be drawn" not in page
    assert "open sessions" in (watch.run / "chart.svg").read_text(encoding="utf-8")
