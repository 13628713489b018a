"""What a measurement comes to: a table, and the budgets that it speaks of."""

from __future__ import annotations

import platform
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import msgspec
import psutil
from rich.table import Table

_LIBRARIES = (
    "streamsoak",
    "locust",
    "gevent",
    "geventhttpclient",
    "httptools",
    "msgspec",
    "pyarrow",
    "duckdb",
    "uvicorn",
    "uvloop",
)


class Budget(msgspec.Struct):
    """One figure against what it may be."""

    what: str
    value: float
    limit: float
    unit: str
    at_most: bool = True
    interval: tuple[float, float] | None = None
    """Where the figure lies with 95 %; None: it is not known."""

    @property
    def verdict(self) -> str:
        """Whether the figure keeps to its limit; with an interval on both sides of the limit, that cannot be told."""
        verdicts = {self._keeps(value) for value in self.interval or (self.value,)}
        return ("met" if verdicts.pop() else "not met") if len(verdicts) == 1 else "cannot tell"

    def _keeps(self, value: float) -> bool:
        return value <= self.limit if self.at_most else value >= self.limit


class Measurement(msgspec.Struct):
    """One table of figures. Rows are in the order of the columns."""

    title: str
    columns: list[str]
    rows: list[list[str | float | int]]
    budgets: list[Budget] = []
    note: str = ""
    grows: list[str] = []
    """Columns that a chart shows against the first one."""

    def table(self) -> Table:
        """The figures for a terminal."""
        table = Table(
            *self.columns, title=self.title, title_justify="left", caption=self.note or None, caption_justify="left"
        )
        for row in self.rows:
            table.add_row(*map(_said, row))
        return table


def budgets_table(measurements: list[Measurement]) -> Table:
    """All budgets, met or not."""
    table = Table("figure", "measured", "budget", "", title="Budgets", title_justify="left")
    for budget in (budget for measurement in measurements for budget in measurement.budgets):
        sign = "≤" if budget.at_most else "≥"
        said = budget.verdict if budget.verdict == "met" else f"[bold red]{budget.verdict}[/]"
        measured = f"{_said(budget.value)} {budget.unit}"
        if budget.interval:
            measured += f" ({_said(budget.interval[0])} to {_said(budget.interval[1])})"
        table.add_row(budget.what, measured, f"{sign} {_said(budget.limit)} {budget.unit}", said)
    return table


def machine() -> dict[str, object]:
    """What it was measured on."""
    return {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "processor": _processor(),
        "cores": psutil.cpu_count(),
        "memory": psutil.virtual_memory().total,
        "system": platform.platform(),
        "python": platform.python_version(),
        "load_average_before": psutil.getloadavg(),
        "libraries": {name: version(name) for name in _LIBRARIES},
    }


def _said(value: str | float) -> str:
    if isinstance(value, str):
        return value
    return f"{value:,.0f}" if abs(value) >= 100 or value == int(value) else f"{value:.3g}"


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor()
    return next(
        (line.partition(":")[2].strip() for line in lines if line.startswith("model name")), platform.processor()
    )
