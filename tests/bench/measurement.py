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

    @property
    def is_met(self) -> bool:
        """Whether the figure keeps to its limit."""
        return self.value <= self.limit if self.at_most else self.value >= self.limit


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
        sign, said = ("≤" if budget.at_most else "≥"), "met" if budget.is_met else "[bold red]not met[/]"
        table.add_row(
            budget.what, f"{_said(budget.value)} {budget.unit}", f"{sign} {_said(budget.limit)} {budget.unit}", said
        )
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
