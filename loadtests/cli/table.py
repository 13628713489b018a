"""Writes a table to a terminal or a pipe.

On a terminal a table fits the width: the last column wraps, and a table that is too wide even then is written row by row, one
cell below the other. In a pipe it has one line per row, of any length, with a tab between cells: for `cut` and `awk`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from rich.console import Console
from rich.table import Table as Grid
from rich.text import Text

_GAP = 2
"""Spaces between columns."""
_NARROWEST = 20
"""Least width of the last column, in characters, where its text is longer."""

Cell = str | Text


@dataclass
class Table:
    """Headings and rows. Only the last column may wrap."""

    headings: Sequence[str]
    title: str = ""
    rows: list[tuple[Cell, ...]] = field(default_factory=list)

    def add(self, *cells: Cell) -> None:
        """Adds a row."""
        self.rows.append(cells)

    def widths(self) -> list[int]:
        """The width of each column, in characters, if nothing wraps."""
        lines = [tuple(map(Text, self.headings)), *(tuple(map(_text, row)) for row in self.rows)]
        return [max(cell.cell_len for cell in column) for column in zip(*lines, strict=True)]


def open_console() -> Console:
    """Standard output. A pipe has no width: nothing in it wraps or is cut, whatever COLUMNS says."""
    console = Console(highlight=False)
    if not console.is_terminal:
        console = Console(highlight=False, soft_wrap=True)
    return console


def print_table(console: Console, table: Table) -> None:
    """Writes `table`, with its title, and an empty line after it."""
    if table.title:
        console.print(Text(table.title, style="italic"))
    widths = table.widths()
    if not console.is_terminal:
        _print_plain(console, table)
    elif sum(widths[:-1]) + _GAP * len(widths[:-1]) + min(widths[-1], _NARROWEST) <= console.width:
        console.print(_grid(table))
    else:
        _print_records(console, table)
    console.print()


def _print_plain(console: Console, table: Table) -> None:
    for row in (table.headings, *table.rows):
        # A tab or a line break within a cell would make two of it.
        line = "\t".join(" ".join(str(cell).split()) for cell in row)
        console.file.write(f"{line}\n")


def _grid(table: Table) -> Grid:
    grid = Grid(box=None, padding=(0, _GAP, 0, 0), pad_edge=False, header_style="bold")
    for heading in table.headings[:-1]:
        grid.add_column(heading, no_wrap=True)
    grid.add_column(table.headings[-1], overflow="fold")
    for row in table.rows:
        grid.add_row(*map(_text, row))
    return grid


def _print_records(console: Console, table: Table) -> None:
    for first, *others in table.rows:
        console.print(_text(first), style="bold", overflow="fold")
        for heading, cell in zip(table.headings[1:], others, strict=True):
            record = Grid.grid(padding=(0, _GAP, 0, 0))
            record.add_column(no_wrap=True)
            record.add_column(overflow="fold")
            record.add_row(f"  {heading}:" if heading else "", _text(cell))
            console.print(record)


def _text(cell: Cell) -> Text:
    return Text(cell) if isinstance(cell, str) else cell
