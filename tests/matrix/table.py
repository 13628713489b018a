"""The matrix as Markdown, and its place in the docs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

from .cells import Result
from .expected import EXPECTED

DOCUMENT = Path(__file__).parents[2] / "docs" / "findings.md"
BEGINS, ENDS = "<!-- the matrix begins: `make matrix` writes it -->\n", "<!-- the matrix ends -->\n"


def rows(results: Sequence[Result]) -> Iterable[str]:
    """A line for each defect and strength, and one for each pair."""
    cells: dict[tuple[str, ...], list[Result]] = {}
    for result in results:
        cells.setdefault(result.cell.defects, []).append(result)
    yield "| defect | its own finding | found | problems beside it | anything else |"
    yield "|---|---|---|---|---|"
    for defects, own in cells.items():
        right = sum(not result.missing for result in own)
        named = " and ".join(f"`{EXPECTED[name].finding}`" for name in own[0].cell.names) or "none"
        beside = Counter(name for result in own for name in _beside(result))
        surplus = Counter(name for result in own for name in result.surplus)
        yield f"| {_said(defects)} | {named} | {right} of {len(own)} | {_counted(beside)} | {_counted(surplus)} |"


def _beside(result: Result) -> set[str]:
    own = {EXPECTED[name].finding for name in result.cell.names}
    found = {finding["name"] for finding in result.findings if finding["severity"] == "problem"}
    return found - own - result.surplus


def _said(defects: tuple[str, ...]) -> str:
    return " with ".join(f"`{defect}`" for defect in defects) or "none"


def _counted(names: Counter[str]) -> str:
    return ", ".join(f"`{name}` ({n})" for name, n in sorted(names.items())) or "–"


def write(alone: Sequence[Result], pairs: Sequence[Result]) -> None:
    """Put the matrix into the document, between its markers."""
    text = DOCUMENT.read_text(encoding="utf-8")
    before, _, rest = text.partition(BEGINS)
    _, _, after = rest.partition(ENDS)
    seeds = len({result.cell.seed for result in alone})
    made = [
        f"Each defect alone, {seeds} seeds each:",
        "",
        *rows(alone),
        "",
        "Two at once, one seed each:",
        "",
        *rows(pairs),
    ]
    lines = "\n".join(made)
    DOCUMENT.write_text(f"{before}{BEGINS}\n{lines}\n\n{ENDS}{after}", encoding="utf-8")
