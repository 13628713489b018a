"""The sentences of the report's first screen."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from loadtests.model.gates.gates import parse_gate
from reports.analysis.cause import describe_cause
from reports.analysis.counterfactual import MISSED, Counterfactual
from reports.analysis.hits import Hits
from reports.analysis.leaks import cost
from reports.analysis.slots import HOLDERS, Slots
from reports.html.figures import PageFigures, wall_clock
from reports.page.gates import describe_distance
from reports.verdict.verdict import GateResult


def _hits(count: int, leaked: float = 0.0, first: tuple[float, ...] = ()) -> Hits:
    times = pd.DataFrame(
        {"t": [float(n) for n in range(count)], "attempt": [1 if n in first else 2 for n in range(count)]}
    )
    slots = dict.fromkeys(HOLDERS, 0.0) | {"leaked": leaked} if count else {}
    return Hits(count, count, count, 0, 0, {}, {}, slots, times, [])


def _slots(leaked: float, peak: int = 16) -> Slots:
    return Slots(dict.fromkeys(HOLDERS, 0.0) | {"leaked": leaked}, 1.0, pd.DataFrame({"most": [peak]}))


@pytest.mark.parametrize(
    ("found", "hits", "slots", "told"),
    [
        (
            Counterfactual(1, 24, 24, 24),
            _hits(37, 7.62),
            _slots(90.0),
            "Leaks caused 23 of 24 first refusals. At the 37 hits leaked sessions held 7.6 of 20 slots.",
        ),
        (
            Counterfactual(25, 24, 24, 24),
            _hits(1, 1.0),
            _slots(90.0),
            "Leaks caused none of the 24 first refusals. At the hit leaked sessions held 1.0 of 20 slots.",
        ),
        (
            Counterfactual(1, 4, 4, 4, until=3600.0),
            _hits(4),
            _slots(90.0),
            "Leaks caused 3 of 4 first refusals of the first 1 h.",
        ),
        (
            Counterfactual(24, 24, 24, 24),
            _hits(24),
            _slots(0.0),
            "No session leaked: the load alone caused 24 first refusals.",
        ),
        (Counterfactual(0, 0, 0, 0), _hits(3), _slots(9.0), "No first attempt was refused, only later ones."),
        (
            Counterfactual(0, 0, 0, 0),
            _hits(0),
            _slots(0.0),
            "No attempt was refused for the account's limit: at most 16 of 20 slots were held.",
        ),
        (
            Counterfactual(0, 0, 0, 0),
            _hits(0),
            _slots(0.0, 0),
            "No session was held, and no attempt was refused for the account's limit.",
        ),
        (
            Counterfactual(None, 70, 1, 1, None, MISSED),
            _hits(125, 1.4),
            _slots(90.0),
            f"How many refusals the leaks caused cannot be told: {MISSED}.",
        ),
    ],
)
def test_one_sentence_says_what_caused_the_refusals(found: Counterfactual, hits: Hits, slots: Slots, told: str) -> None:
    """With the figures of the replay, or without any where its check failed."""
    assert describe_cause(found, hits, slots, 20) == told


@pytest.mark.parametrize(
    ("found", "refusals"), [(Counterfactual(2, 8, 8, 8), [4.0, 2.0]), (Counterfactual(None, 8), [None, None])]
)
def test_the_refusals_that_leaks_caused_are_divided_among_them(found: Counterfactual, refusals: list[Any]) -> None:
    """First attempts were refused at 1, 2 and 9 s: session 1 held a slot at two of them, session 2 at one."""
    held = pd.DataFrame({"session": [1, 2, 2], "low": [0.0, 2.0, 8.0], "high": [4.0, 5.0, 9.0]})
    who = pd.DataFrame({"session": [1, 2], "profile": "test", "way": ["abandon", "zombie"], "fate": "swept"})
    costs = cost(held, who, _hits(10, 1.0, (1, 2, 9)), found).as_list()
    assert [(leak["session"], leak["hits"], leak["slot_seconds"]) for leak in costs] == [(1, 4, 4.0), (2, 4, 4.0)]
    assert [leak["refusals"] for leak in costs] == refusals


@pytest.mark.parametrize(
    ("text", "value", "told"),
    [
        ("keep_alive.margin.p1 > 5s", 4.18, "820 ms below the bound"),
        ("sessions.fates.lingering == 0", 6.0, "6 above the bound"),
        ("sessions.fates.lingering == 0", 0.0, ""),
        ("sessions.fates.lingering != 0", 0.0, "equal to the bound"),
        ("concurrency_hits.first_attempts < 1%", 0.03, "2.0 % above the bound"),
        ("latency.task.p95 drift < 10%/h", 0.51, "41 % an hour above the bound"),
        ("finding(ghost-sessions) absent", 1.0, ""),
        ("latency.task.p95 < 1s", None, ""),
    ],
)
def test_a_gate_says_how_far_from_its_bound_it_is(text: str, value: float | None, told: str) -> None:
    """In the figure's unit."""
    gate = parse_gate(text)
    distance = None if value is None else value - gate.bound
    assert describe_distance(gate, GateResult(text, "fail", value, "", distance=distance)) == told


def test_wall_clock() -> None:
    """Within a day, over midnight, and a moment."""
    assert wall_clock("2026-11-30T00:24:54+00:00", 146.0) == "2026-11-30, 00:24:54 to 00:27:20 UTC"
    assert wall_clock("2026-11-30T23:59:00+00:00", 120.0) == "2026-11-30, 23:59:00 to 2026-12-01, 00:01:00 UTC"
    assert wall_clock("2026-11-30T23:59:00+00:00", 0.0) == "2026-11-30, 23:59:00 UTC"


def test_a_figure_of_a_page_has_its_name() -> None:
    """And its text is escaped; a name that does not exist is an error."""
    fig = PageFigures({"a": [{"b c": 1234}], "said": "<b>"})
    assert fig("a/0/b c") == '<span data-figure="a/0/b c" data-form="number">1,234</span>'
    assert (
        fig("a/0/b c", "count", "query", "queries")
        == '<span data-figure="a/0/b c" data-form="count">1,234 queries</span>'
    )
    assert fig("said", "text") == '<span data-figure="said" data-form="text">&lt;b&gt;</span>'
    with pytest.raises(KeyError):
        fig("a/0/d")
