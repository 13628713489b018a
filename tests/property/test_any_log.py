"""Whatever an event log holds, contradictory logs included: no check fails, and no figure is impossible."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loadtests.model.api.answer import Reason
from loadtests.model.people.profile import Way
from tests.golden.impossible import negative
from tests.golden.story import Story

_TIMES = st.floats(0, 120).map(lambda t: round(t, 2))
_SESSIONS = st.integers(1, 5)
_CALLS = st.sampled_from(["new", "start", "task", "keep_alive", "stop"])
_REASONS = st.sampled_from([reason.value for reason in Reason if reason])
_WAYS = st.sampled_from([*(way.value for way in Way), "given-up", "start-failed"])


@st.composite
def _rows(draw: st.DrawFn) -> Story:
    """Opened sessions, and then any calls, notes and observations of them at any time."""
    story = Story().looks(draw(st.integers(0, 120)), every=draw(st.sampled_from([1.0, 7.0])))
    for session in range(1, draw(st.integers(1, 5)) + 1):
        story.opens(
            session, draw(_TIMES), draw(st.sampled_from([1.0, 30.0, 120.0])), draw(st.sampled_from([None, 20.0]))
        )
    for _ in range(draw(st.integers(0, 25))):
        draw(st.sampled_from([_call, _note, _listed]))(draw, story)
    return story


def _call(draw: st.DrawFn, story: Story) -> None:
    kind, outcome = draw(_CALLS), draw(st.sampled_from(["ok", "fail", "unknown", "withheld"]))
    columns: dict[str, Any] = {
        "outcome": outcome,
        "took": draw(st.floats(0, 20)),
        "status": draw(st.sampled_from([0, 200, 429])),
    }
    if outcome != "ok":
        columns |= {"reason": draw(_REASONS), "detail": draw(st.none() | st.text(max_size=5))}
    elif kind == "new":
        columns["detail"] = draw(st.sampled_from(["id-1", "id-9", ""]))
    value = float(draw(st.integers(0, 2))) if kind == "stop" else 30.0
    story.call(draw(_SESSIONS), kind, draw(_TIMES), value=value, **columns)


def _note(draw: st.DrawFn, story: Story) -> None:
    session, t = draw(_SESSIONS), draw(_TIMES)
    match draw(st.sampled_from(["leave", "quiet", "resume", "give-up", "arrive", "worker-lost", "worker-back"])):
        case "leave":
            story.leaves(session, t, draw(_WAYS))
        case "worker-lost" | "worker-back" as kind:
            story.note(0, kind, t, max(0.0, t - 5), "0")
        case "give-up":
            story.note(session, "give-up", t, 1.0, draw(_REASONS))
        case kind:
            story.note(session, kind, t, 10.0, "close" if kind == "arrive" else None)


def _listed(draw: st.DrawFn, story: Story) -> None:
    session, t = draw(_SESSIONS), draw(_TIMES)
    match draw(st.sampled_from(["seen", "vanished", "stranger", "stranger-gone"])):
        case "seen":
            story.listed(session, t)
        case "vanished":
            story.vanishes(session, max(0.0, t - draw(st.floats(0, 10))), t)
        case kind:
            story.note(0, kind, t, draw(st.sampled_from([0.0, 1767225600.0 + t])), draw(st.sampled_from(["x", "y"])))


@settings(max_examples=12, derandomize=True)
@given(story=_rows(), limit=st.sampled_from([None, 1, 3]))
def test_no_check_fails_and_no_figure_is_impossible(story: Story, limit: int | None) -> None:
    """Counts are not negative and parts not above their whole; ends are intervals."""
    with tempfile.TemporaryDirectory() as folder:
        analysis = story.analysed(Path(folder) / "run", limit=limit)
        broken = [finding.text for finding in analysis.findings if "internal error" in finding.text]
        assert broken == []
        assert list(negative(analysis.summary)) == []
        sessions, hits = analysis.summary["sessions"], analysis.summary["concurrency_hits"]
        assert sum(sessions["fates"].values()) == sessions["opened"] >= sessions["leaked"] >= 0
        assert hits["first_attempts"] <= hits["count"]
        assert max(sessions["peak"], 0) == analysis.slots.totals["most"].max()
        costs = analysis.leak_costs.rows
        assert costs["slot_seconds"].sum() == pytest.approx(analysis.slots.seconds["leaked"], abs=1e-6)
        assert (costs["hits"] <= hits["count"]).all()
        rows = analysis.sessions.dropna(subset=["end_high"])
        assert (rows["end_low"] <= rows["end_high"] + 1e-9).all(), rows[["session", "end_low", "end_high"]]
