"""Gates: what a run is judged by, as text."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from loadtests.model.gates.figure import ALIASES, DRIFTING, FIGURES, GROWING, SHARES, WHOLE, Unit
from loadtests.model.gates.gates import Gate, GateText, parse_gate
from loadtests.model.gates.window import Window, WindowKind
from loadtests.model.text.validation import from_pydantic


@pytest.mark.parametrize(
    ("text", "figure", "comparison", "bound"),
    [
        ("sessions.fates.lingering == 0", "sessions.fates.lingering", "==", 0.0),
        ("sessions.fates.leaked-late<=3", "sessions.fates.leaked-late", "<=", 3.0),
        ("keep_alive.margin.p1 > 5s", "keep_alive.margin.p1", ">", 5.0),
        ("keep_alive.margin.min >= -1.5s", "keep_alive.margin.min", ">=", -1.5),
        ("keep_alive.lateness.p99 < 250ms", "keep_alive.lateness.p99", "<", 0.25),
        ("latency.new.p95 < 2 min", "latency.new.p95", "<", 120.0),
        ("latency.stop.max < 1h", "latency.stop.max", "<", 3600.0),
        ("concurrency_hits.first_attempt_share <= 1.5%", "concurrency_hits.first_attempt_share", "<=", 0.015),
        ("sessions.opened != 0", "sessions.opened", "!=", 0.0),
    ],
)
def test_gate_is_read(text: str, figure: str, comparison: str, bound: float) -> None:
    """Figure, comparison, and a bound in the figure's unit."""
    gate = parse_gate(f"  {text} ")
    assert (gate.text, gate.figure, gate.comparison) == (text, figure, comparison)
    assert gate.bound == pytest.approx(bound)


@pytest.mark.parametrize(
    ("comparison", "below", "equal", "above"),
    [
        ("==", False, True, False),
        ("!=", True, False, True),
        ("<", True, False, False),
        ("<=", True, True, False),
        (">", False, False, True),
        (">=", False, True, True),
    ],
)
def test_comparison_is_what_it_says(comparison: str, below: bool, equal: bool, above: bool) -> None:
    """Each comparison below, at and above its bound."""
    gate = parse_gate(f"sessions.opened {comparison} 5")
    assert (gate.holds(4.0), gate.holds(5.0), gate.holds(6.0)) == (below, equal, above)


_NOUNS = {Unit.COUNT: "count", Unit.SHARE: "share", Unit.SECONDS: "duration"}
RIGHT = {Unit.COUNT: "5", Unit.SHARE: "5%", Unit.SECONDS: "5s"}
WRONG = [(unit, bound) for unit in Unit for bound in (*RIGHT.values(), "5d", "5x") if bound != RIGHT[unit]]


@pytest.mark.parametrize("figure", FIGURES)
def test_every_figure_takes_a_bound_of_its_unit(figure: str) -> None:
    """Each figure that is listed can be gated."""
    assert parse_gate(f"{figure} < {RIGHT[FIGURES[figure]]}").figure == figure


@pytest.mark.parametrize(("unit", "bound"), WRONG)
def test_bound_of_another_unit_is_refused(unit: Unit, bound: str) -> None:
    """A bound with a wrong unit, or without one, is told with the right unit."""
    figure = next(figure for figure, measured_in in FIGURES.items() if measured_in is unit)
    with pytest.raises(ValueError, match=rf"{figure} is a {_NOUNS[unit]}: its bound must (have|be)"):
        parse_gate(f"{figure} < {bound}")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("sessions.fates.lingring == 0", "did you mean 'sessions.fates.lingering'?"),
        ("keep_alive.margin.p2 > 5s", "did you mean 'keep_alive.margin.p"),
        ("zzzzzz == 0", "no figure 'zzzzzz'$"),
    ],
)
def test_unknown_figure_is_refused(text: str, said: str) -> None:
    """A figure that does not exist is told, with the nearest one that does."""
    with pytest.raises(ValueError, match=said.replace("?", r"\?")):
        parse_gate(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "== 5",
        "5 < 6 < 7",
        "sessions.opened",
        "sessions.opened 5",
        "sessions.opened = 5",
        "sessions.opened == five",
        "sessions.opened == 1e3",
        "sessions.opened == 5; drop",
        "sessions.opened == 5 and sessions.opened == 6",
    ],
)
def test_what_is_no_gate_is_refused(text: str) -> None:
    """Anything else is refused with an example of what would be right."""
    with pytest.raises(ValueError, match="write for example"):
        parse_gate(text)


@pytest.mark.parametrize(("alias", "figure"), ALIASES.items())
def test_aliases_are_figures(alias: str, figure: str) -> None:
    """`leaked.lingering`, `sessions_lost_to_idle` and the like."""
    assert figure in FIGURES
    assert parse_gate(f"{alias} == 0").figure == figure


def test_tables_of_figures_name_figures() -> None:
    """What can be windowed, aborted by, or asked for its drift is in the one table of figures."""
    assert WHOLE | GROWING | DRIFTING.keys() | SHARES.keys() | set(SHARES.values()) <= FIGURES.keys()
    assert not GROWING & WHOLE


def test_a_share_of_a_count_is_the_share_of_first_attempts() -> None:
    """The same words, bounded by a percentage."""
    gate = parse_gate("concurrency_hits.first_attempts < 1% after 2m")
    assert (gate.figure, gate.bound) == ("concurrency_hits.first_attempt_share", 0.01)
    assert parse_gate("concurrency_hits.first_attempts < 1").figure == "concurrency_hits.first_attempts"


@pytest.mark.parametrize(
    ("text", "kind", "seconds"),
    [
        ("after 2m", WindowKind.AFTER, 120.0),
        ("last 10m", WindowKind.LAST, 600.0),
        ("every 5m window", WindowKind.ANY, 300.0),
        ("any 5m window", WindowKind.ANY, 300.0),
        ("any 1h30m window", WindowKind.ANY, 5400.0),
    ],
)
@pytest.mark.parametrize(
    "condition", ["concurrency_hits.count == 0", "latency.new.p99 < 800ms", "latency.new.p99<800 ms"]
)
def test_windows_are_read(condition: str, text: str, kind: WindowKind, seconds: float) -> None:
    """Behind any bound, whatever its unit."""
    gate = parse_gate(f"{condition}  {text}")
    assert gate.window == Window(kind=kind, seconds=seconds)
    assert gate.abort_after is None


def test_where_windows_lie() -> None:
    """`after` and `last` to the end of the log, sliding ones within the load, the last of them to its end."""
    assert Window(kind=WindowKind.AFTER, seconds=20).spans(100, 130) == [(20, 130)]
    assert Window(kind=WindowKind.AFTER, seconds=100).spans(100, 130) == []
    assert Window(kind=WindowKind.LAST, seconds=20).spans(100, 130) == [(80, 130)]
    assert Window(kind=WindowKind.LAST, seconds=500).spans(100, 130) == [(0, 130)]
    spans = Window(kind=WindowKind.ANY, seconds=40).spans(101, 130)
    assert spans[:2] == [(0, 40), (4, 44)]
    assert spans[-1] == (61, 101)
    assert Window(kind=WindowKind.ANY, seconds=101).spans(101, 130) == [(0, 101)]
    assert Window(kind=WindowKind.ANY, seconds=102).spans(101, 130) == []


def test_sliding_windows_of_a_long_run_are_bounded_and_leave_no_gap() -> None:
    """Ten minutes in eight hours each minute; a second in eight hours each half second."""
    assert len(Window(kind=WindowKind.ANY, seconds=600).spans(28_800, 28_800)) == 471
    spans = Window(kind=WindowKind.ANY, seconds=1).spans(28_800, 28_800)
    assert len(spans) <= 57_600
    assert all(after[0] <= before[1] for before, after in pairwise(spans))


@pytest.mark.parametrize(
    ("text", "bound"),
    [("10%/h", 0.1), ("1%/min", 0.6), ("24%/d", 0.01), ("10 % / h", 0.1)],
)
def test_drifts_are_read(text: str, bound: float) -> None:
    """As a share of the usual latency an hour."""
    gate = parse_gate(f"latency.task.p95 drift < {text}")
    assert (gate.figure, gate.is_drift, gate.bound) == ("latency.task.p95", True, pytest.approx(bound))


@pytest.mark.parametrize(
    ("given", "grace"),
    [
        ("concurrency_hits.count < 5 abort", 0.0),
        ("concurrency_hits.count < 5 abort after 30s", 30.0),
        ("concurrency_hits.count < 5 after 2m abort after 3m", 180.0),
        ({"gate": "concurrency_hits.count < 5", "abort": True}, 0.0),
        ({"gate": "concurrency_hits.count < 5", "abort": True, "grace": "30s"}, 30.0),
        ({"gate": "concurrency_hits.count < 5", "abort": False}, None),
        ({"gate": "concurrency_hits.count < 5"}, None),
    ],
)
def test_abort_and_its_grace_are_read(given: Any, grace: float | None) -> None:
    """As words, or as a table with the keys that k6's users look for."""
    gate = parse_gate(given)
    assert (gate.figure, gate.abort_after) == ("concurrency_hits.count", grace)
    assert parse_gate(gate.text) == gate


@pytest.mark.parametrize("figure", sorted(GROWING))
def test_what_grows_may_abort(figure: str) -> None:
    """Each figure that is counted while the run goes on."""
    assert parse_gate(f"{figure} <= {RIGHT[FIGURES[figure]]} after 5s abort").abort_after == 0.0


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (
            "sessions.fates.lingering == 0 after 2m",
            "is about the whole run: a window such as 'after 2 min' is not allowed",
        ),
        ("finding(ghost-sessions) absent after 2m", "a finding is about the whole run"),
        ("finding(ghost-sessions) absent abort", "a finding is about the whole run"),
        ("latency.new.p99 < 1s aftr 2m", "'aftr 2m' is not valid here; did you mean 'after'?"),
        ("latency.new.p99 < 1s after 2", "must be a duration: a number"),
        ("latency.new.p99 < 1s after 0s", "a window must be longer than 0 s"),
        ("latency.new.p99 < 1s any 5m", "is not valid here"),
        ("latency.new.p99 < 10%/h", "a unit, for example '5s' or '250ms'; a bound such as '10%/h' requires 'drift'"),
        ("latency.new.p99 drift < 10%", "a unit, for example '10%/h'"),
        ("latency.new.max drift < 10%/h", "latency.new.max has no drift: use p5"),
        ("latency.new.p95 drift == 10%/h", "its operator must be <, <=, > or >="),
        ("latency.new.p95 drift < 10%/h after 2m", "a drift allows no window"),
        ("latency.new.p99 < 1s abort", "'abort' requires a figure that only grows"),
        ("concurrency_hits.first_attempts < 1% abort", "'abort' requires a figure that only grows"),
        ("concurrency_hits.count > 5 abort", "an operator ==, < or <="),
        ("concurrency_hits.count < 5 any 5m window abort", "no window but 'after'"),
        ("concurrency_hits.count < 5 abort after x", "must be a duration"),
        ("leakd.lingering == 0", "did you mean 'leaked.lingering'?"),
        ({"gate": "concurrency_hits.count < 5", "abortOnFail": True}, "no key 'abortOnFail'; did you mean 'abort'?"),
        ({"gate": "concurrency_hits.count < 5", "grase": "5s"}, "no key 'grase'; did you mean 'grace'?"),
        ({"gate": "concurrency_hits.count < 5", "grace": "5s"}, "'grace' requires abort = true"),
        ({"gate": "concurrency_hits.count < 5", "abort": True, "grace": "x"}, "must be a duration"),
        ({"gate": 5}, "a gate's table must be, for example,"),
    ],
)
def test_what_a_figure_cannot_be_asked_for_is_refused(given: Any, said: str) -> None:
    """Before the run starts, with what would be right."""
    with pytest.raises(ValueError, match=re.escape(said)):
        parse_gate(given)


def test_all_mistakes_are_told_at_once() -> None:
    """Those in one gate, and those in all."""
    gates = ["latency.new.p99 < 1% after 2 abort", "leakd.lingering == 0", "sessions.opened > 0"]
    with pytest.raises(ValidationError) as caught:
        TypeAdapter(tuple[GateText, ...]).validate_python(gates)
    first, second = from_pydantic("mine.toml", caught.value).mistakes
    assert "its bound must have a unit" in str(first)
    assert "must be a duration" in str(first)
    assert "did you mean 'leaked.lingering'?" in str(second)


def test_gate_survives_json() -> None:
    """A gate in a manifest is the gate of the scenario."""
    gate: Any = parse_gate("keep_alive.margin.p1 > 5s")
    assert TypeAdapter(Gate).validate_json(gate.model_dump_json()) == gate
    assert parse_gate(gate) is gate
    table = parse_gate({"gate": "concurrency_hits.count < 5 after 2m", "abort": True, "grace": "30s"})
    assert TypeAdapter(Gate).validate_json(table.model_dump_json()) == table


@pytest.mark.parametrize(
    ("gate", "low", "high", "agrees"),
    [
        ("sessions.opened == 5", 4, 6, False),
        ("sessions.opened != 5", 4, 6, False),
        ("sessions.opened == 5", 6, 8, True),
        ("sessions.opened == 5", 5, 5, True),
        ("sessions.opened != 5", 5, 6, False),
        ("sessions.opened < 5", 4, 5, False),
        ("sessions.opened < 5", 3, 4, True),
    ],
)
def test_an_interval_agrees_if_all_its_values_do(gate: str, low: float, high: float, agrees: bool) -> None:
    """A value between two that both differ from the bound may equal it."""
    assert parse_gate(gate).agrees(low, high) is agrees
