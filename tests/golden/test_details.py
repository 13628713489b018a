"""What the page shows beyond the figures, from logs written by hand: timelines, leaks, stages, latency over time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from reports.analysis.latency import over_time
from reports.log.log import EventLog, open_log
from reports.page.gantt import bars, worst_leaks
from reports.page.stages import build_stages
from reports.page.timeline import KINDS, MOST_CALLS, OUTCOMES, build_timelines
from reports.summary import Analysis, analyse

from .story import STARTED, TOOK, Story


@contextmanager
def _opened(story: Story, folder: Path, **manifest: Any) -> Iterator[tuple[EventLog, Analysis]]:
    log = open_log(story.write(folder / "run", **manifest))
    try:
        yield log, analyse(log)
    finally:
        log.close()


def test_a_timeline_has_each_call_and_each_holder(tmp_path: Path) -> None:
    """Kind, sent, how late, how long it took; outcome, how long the answer plays and the reason only where there is one."""
    story = Story().opens(1, 1.0).call(1, "task", 5.0, value=2.5).note(1, "quiet", 8.0, 4.0)
    story.call(1, "keep_alive", 10.0, intended=9.9).note(1, "resume", 12.0)
    story.call(1, "keep_alive", 50.0, outcome="fail", status=400, reason="session-closed").leaves(1, 51.0, "given-up")
    story.refused(2, 3.0).call(2, "new", 4.0, value=30.0, detail="id-2").stops(2, 6.0)
    with _opened(story.looks(60), tmp_path) as (log, _):
        timelines = build_timelines(log, [1, 2])
    new, task, beat, stop = (KINDS.index(kind) for kind in ("new", "task", "keep_alive", "stop"))
    ok, fail = OUTCOMES.index("ok"), OUTCOMES.index("fail")
    assert timelines[1]["calls"] == [
        [new, 1000, 1, 10],
        [task, 5000, 1, 10, ok, 2500],
        [beat, 10000, 100, 10],
        [beat, 50000, 1, 10, fail, 0, "session-closed"],
    ]
    assert timelines[2]["calls"][0] == [new, 3000, 1, 10, fail, 0, "concurrency-limit"]
    assert timelines[2]["calls"][-1] == [stop, 6000, 1, 10]
    assert [(span[0], span[1]) for span in timelines[1]["spans"]] == [(0, 1010), (1, 8000), (0, 12000)]
    assert timelines[1]["omitted"] == 0


def test_a_long_timeline_keeps_its_start_and_its_end(tmp_path: Path) -> None:
    """And says how many calls there are between."""
    story = Story().opens(1, 1.0)
    for beat in range(200):
        story.call(1, "keep_alive", 2.0 + beat)
    with _opened(story.stops(1, 203.0), tmp_path) as (log, _):
        told = build_timelines(log, [1])[1]
    assert (len(told["calls"]), told["omitted"]) == (2 * MOST_CALLS, 202 - 2 * MOST_CALLS)
    assert [told["calls"][n][1] for n in (0, MOST_CALLS - 1, MOST_CALLS, -1)] == [1000, 40000, 163000, 203000]


def test_the_worst_leaks_come_first(tmp_path: Path) -> None:
    """Nobody was refused: those that held a slot longest; in the chart by the time of leaving."""
    story = Story().looks(100)
    for number, (left, gone) in enumerate([(5.0, 33.0), (4.0, 34.0), (6.0, None)], 1):
        story.opens(number, float(number)).listed(number, number + 0.5).leaves(number, left, "abandon")
        if gone is not None:
            story.vanishes(number, gone - 1, gone + 0.5)
    with _opened(story, tmp_path) as (_, analysis):
        assert list(worst_leaks(analysis.leaks, analysis.log_end, 2)["session"]) == [3, 2]
        shown = bars(analysis.leaks, analysis.log_end)
    assert [bar["session"] for bar in shown] == [2, 1, 3]
    assert [bar["is_open"] for bar in shown] == [False, False, True]
    assert shown[-1]["ended"] == pytest.approx(99.5 + TOOK)


def test_stages_last_until_the_next_and_the_end_has_a_name(tmp_path: Path) -> None:
    """From the log's own rows; a run without stages has none."""
    story = Story().opens(1, 1.0).stops(1, 30.0).note(0, "stage", 0.0, 0.0, "calm").note(0, "stage", 10.0, 0.0, "storm")
    with _opened(story, tmp_path / "a", load_ended=20.0) as (log, analysis):
        assert [tuple(stage) for stage in build_stages(log, analysis.log_end)] == [
            ("calm", 0.0, 10.0),
            ("storm", 10.0, 20.0),
            ("the end", 20.0, 30.0 + TOOK),
        ]
    with _opened(Story().opens(1, 1.0), tmp_path / "b") as (log, analysis):
        assert build_stages(log, analysis.log_end) == []


def test_latency_over_time_by_column(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The median and the 99th percentile of each column, of what was sent in it; the same however it is cut up."""
    story = Story()
    for n in range(100):
        story.call(n + 1, "new", 1.1 + n / 1000, took=0.001 * (n + 1), value=30.0, detail=f"id-{n}")
    story.call(1, "stop", 200.0, took=0.5)
    with _opened(story, tmp_path) as (log, analysis):
        whole = over_time(log, analysis.log_end)
        monkeypatch.setattr("reports.analysis.latency._ROWS_AT_ONCE", 7)
        assert over_time(log, analysis.log_end).to_dict("records") == whole.to_dict("records")
    new, stop = whole[whole["kind"] == "new"], whole[whole["kind"] == "stop"]
    assert new["n"].sum() == 100
    assert list(new["p50"].round(6)) == [0.050]
    assert list(new["p99"].round(6)) == [0.099]
    assert list(stop["t"]) == [pytest.approx(analysis.log_end * 199 / 200)]
    assert list(stop["until"]) == [pytest.approx(analysis.log_end)]


def _nothing() -> Story:
    return Story().looks(5)


def _alone() -> Story:
    return Story().opens(1, 1.0).stops(1, 2.0)


def _refusals_only() -> Story:
    return Story().note(1, "arrive", 1.0, 5.0, "close").refused(1, 1.0).refused(2, 2.0, "rate-limit").looks(5)


def _lost() -> Story:
    story = Story().call(1, "new", 5.0, outcome="unknown", took=3.0, value=30.0, reason="timeout", status=0)
    return story.note(0, "stranger", 8.5, STARTED + 5, "ghost-id").looks(60)


@pytest.mark.parametrize("story", [_nothing, _alone, _refusals_only, _lost])
@pytest.mark.parametrize(
    "manifest", [{}, {"limit": None}, {"audit": True}, {"ended": None, "load_ended": None}, {"limit": 1}]
)
def test_every_kind_of_run_has_a_page(tmp_path: Path, story: Callable[[], Story], manifest: dict[str, Any]) -> None:
    """However little happened, and whatever is not known of it: what is missing is a dash."""
    story().reported(tmp_path, **manifest)
    page = (tmp_path / "run" / "report.html").read_text(encoding="utf-8")
    text = page[page.index("<body>") : page.index('<script type="application/json"')]
    assert not [word for word in (">nan<", ">None<", ">NaT<", ">inf<") if word in text]
