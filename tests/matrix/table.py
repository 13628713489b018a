"""Writes the matrix as Markdown into docs/findings.md."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

from tests.document import write_between

from .cells import Result
from .expected import EXPECTED

DOCUMENT = Path(__file__).parents[2] / "docs" / "findings.md"
BEGINS, ENDS = "<!-- the matrix begins: `make matrix` writes it -->", "<!-- the matrix ends -->"


def rows(results: Sequence[Result]) -> Iterable[str]:
    """Returns the table of defects alone: a line for each at each strength."""
    cells: dict[tuple[str, ...], list[Result]] = {}
    for result in results:
        cells.setdefault(result.cell.defects, []).append(result)
    yield "| defect | expected finding | found | also found, as documented | unexplained | unexpected | of these certain |"
    yield "|---|---|---|---|---|---|---|"
    for defects, own in cells.items():
        right = sum(not result.missing for result in own)
        expected = [EXPECTED[name].finding for name in own[0].cell.names]
        named = " and ".join(f"`{finding}`" for finding in expected if finding) or "none"
        beside = Counter(name for result in own for name in _beside(result))
        surplus = Counter(name for result in own for name in result.surplus)
        unexplained = sum(bool(result.unexplained) for result in own)
        certain = Counter(name for result in own for name in result.certain_and_wrong)
        yield (
            f"| {_names(defects)} | {named} | {right} of {len(own)} | {_counted(beside)} | {unexplained or '–'} |"
            f" {_counted(surplus)} | {_counted(certain)} |"
        )


def pair_rows(results: Sequence[Result]) -> Iterable[str]:
    """Returns what there is to say of pairs: how many were right, then a line for each of which not all was found."""
    right = sum(result.is_right and not result.unfound for result in results)
    yield f"Both defects were found by their own names, and nothing else, in {right} of {len(results)} pairs. The others:"
    yield ""
    yield "| defects | not found | why | unexpected |"
    yield "|---|---|---|---|"
    for result in results:
        if result.unfound or not result.is_right:
            covered = result.cell.covered
            why = covered.why if covered and not result.missing else "–"
            surplus = Counter(result.surplus)
            yield f"| {_names(result.cell.defects)} | {_named(result.unfound)} | {why} | {_counted(surplus)} |"


def _named(findings: set[str]) -> str:
    return ", ".join(f"`{name}`" for name in sorted(findings)) or "–"


def _beside(result: Result) -> set[str]:
    own = {EXPECTED[name].finding for name in result.cell.names}
    found = {finding["name"] for finding in result.findings if finding["severity"] == "problem"}
    return found - own - result.surplus


def _names(defects: tuple[str, ...]) -> str:
    return " with ".join(f"`{defect}`" for defect in defects) or "none"


def _counted(names: Counter[str]) -> str:
    return ", ".join(f"`{name}` ({n})" for name, n in sorted(names.items())) or "–"


def write(alone: Sequence[Result], pairs: Sequence[Result]) -> None:
    """Replaces the matrix in the document, between its markers."""
    seeds = len({result.cell.seed for result in alone})
    lines = [
        f"Each defect alone, with {seeds} seeds:",
        "",
        *rows(alone),
        "",
        "Two defects at once, with one seed:",
        "",
        *pair_rows(pairs),
    ]
    write_between(DOCUMENT, BEGINS, ENDS, lines)
