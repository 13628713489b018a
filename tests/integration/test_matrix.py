"""The matrix, reduced: each defect once at one strength, and clean runs, in virtual time; and what the docs say of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from loadtests.defects.catalogue import DEFECTS
from loadtests.model.gates.finding_names import FINDINGS
from reports.build import build_report
from tests.matrix.cells import Cell, carry_out, pairs
from tests.matrix.expected import COVERED, EXPECTED
from tests.matrix.table import DOCUMENT

_CLEAN = [Cell((), seed) for seed in (101, 102)]
_ALONE = [
    # Weak and strong in turn, with seeds that `make matrix` does not use.
    Cell((f"{name}={expected.strengths[number % 2]}",), 101 + number)
    for number, (name, expected) in enumerate(EXPECTED.items())
]
_TEXT = DOCUMENT.read_text(encoding="utf-8")


@pytest.mark.parametrize("cell", [*_CLEAN, *_ALONE], ids=lambda cell: "".join(cell.defects) or f"none-{cell.seed}")
def test_each_is_found_by_its_own_name_and_nothing_else(tmp_path: Path, cell: Cell) -> None:
    """And in the clean runs nothing of severity problem. The report of each is drawn whole."""
    result = carry_out(cell, tmp_path, build_report)
    assert (result.missing, result.surplus) == (set(), set())
    (folder,) = tmp_path.iterdir()
    summary = result.summary
    assert "could not be drawn" not in (folder / "report.html").read_text(encoding="utf-8")
    assert _wrong_counts(summary["sessions"]) == []
    assert 0 <= summary["concurrency_hits"]["first_attempts"] <= summary["concurrency_hits"]["count"]


_AT_ONCE = {
    "liveavatar": ("keepalive-ignored", "early-reap", "lost-answer", "error-in-200", "list-lag"),
    "d-id": ("ghost-on-stop", "early-reap", "timeout-clamped", "slow-new", "late-reap"),
}
"""Defects for which `make test` tries an API: above all those that it shows otherwise; `make test-thorough` tries all."""


def _at_others() -> Iterator[Any]:
    for api, named in _AT_ONCE.items():
        yield pytest.param(Cell((), 101, api), id=f"{api}-none")
        for name, expected in EXPECTED.items():
            marks = [] if name in named else [pytest.mark.thorough]
            yield pytest.param(Cell((f"{name}={expected.strengths[0]}",), 101, api), id=f"{api}-{name}", marks=marks)


@pytest.mark.parametrize("cell", _at_others())
def test_each_is_found_at_other_apis_as_far_as_they_show_it(tmp_path: Path, cell: Cell) -> None:
    """What an API does not show is not found, and nothing else is found instead."""
    result = carry_out(cell, tmp_path)
    assert (result.missing, result.surplus) == (set(), set())


def _wrong_counts(sessions: dict[str, Any]) -> list[str]:
    """Names of counts below 0 or above their whole."""
    whole = sessions["opened"]
    parts = {**sessions["fates"], **{name: sessions[name] for name in ("leaked", "ghosts", "peak", "lost_to_idle")}}
    assert sum(sessions["fates"].values()) == whole
    return [name for name, count in parts.items() if not 0 <= count <= whole]


def test_pairs_stay_the_same() -> None:
    """Each with its strengths and its seed; what one hides is a pair's, and among them."""
    first, again = list(pairs()), list(pairs())
    assert first == again
    assert len({frozenset(cell.names) for cell in first}) == len(first) > 300
    assert set(COVERED) <= {frozenset(cell.names) for cell in first}


_MENDED = (
    (("hidden-cap=600", "repeated-id=0.1"), 8),
    (("ghost-on-stop=0.05", "list-ended=20"), 37),
    (("timeout-clamped=100", "flaky=0.1"), 83),
    (("list-partial=20", "clock-ahead=5"), 119),
    (("hang=0.05", "repeated-id=0.1"), 177),
    (("early-reap=8", "stop-ignored=0.1"), 205),
    (("ghost-on-stop=0.05", "hang=0.01"), 220),
    (("early-reap=20", "slot-lag=1.5"), 306),
)
"""Pairs in which something was accused wrongly, or missed, for a reason of its own each."""


@pytest.mark.parametrize(
    ("defects", "seed"), _MENDED, ids=lambda value: "-".join(value) if isinstance(value, tuple) else ""
)
def test_two_at_once(tmp_path: Path, defects: tuple[str, ...], seed: int) -> None:
    """Each by its own name, and nothing else."""
    result = carry_out(Cell(defects, seed), tmp_path)
    assert (result.unfound, result.surplus) == (set(), set())


def test_the_docs_say_what_the_matrix_expects() -> None:
    """docs/findings.md has each finding, and each defect with its own finding."""
    assert [name for name in FINDINGS if f"`{name}`" not in _TEXT and name != "worker-lost"] == []
    for name, expected in EXPECTED.items():
        beside = ", ".join(f"`{other}`" for other in expected.beside)
        said = f"{beside}: {expected.why}" if beside else "–"
        finding = f"`{expected.finding}`" if expected.finding else "none"
        assert f"| `{name}` | {finding} | {said} |" in _TEXT


def test_every_defect_is_expected_as_something() -> None:
    """But for refusals by rule, which are no faults of the API."""
    assert set(DEFECTS) - set(EXPECTED) == {"fail-new", "fail-start"}
    assert {expected.finding for expected in EXPECTED.values()} <= {*FINDINGS, ""}
