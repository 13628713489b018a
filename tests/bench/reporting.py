"""What a report costs: `streamsoak report` on long logs, compaction included, by that process's CPU time and memory; and how
soon its page is drawn, beside the report that Locust itself writes.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from reports.build import PAGE

from .drawing import browser, drawn, locusts_own
from .logs import long_log
from .measurement import Budget, Measurement
from .processes import use


def measure(full: bool) -> list[Measurement]:
    """20 and 80 million events, or one."""
    rows: list[list[str | float | int]] = []
    budgets: list[Budget] = []
    for events in (20_000_000, 80_000_000) if full else (1_000_000,):
        written, wall, cpu, most, page, shown = _report(events)
        rows.append(["ours", written, wall, cpu, most / 1e6, page / 1e6, shown])
        said, limit = f"report of {written:,} events", 600.0 if events <= 20_000_000 else 1200.0
        if events <= 20_000_000:
            budgets.append(Budget(said, wall, 15.0, "s"))
        budgets += [Budget(f"{said}: memory", most / 1e6, limit, "MB"), Budget(f"{said}: page", page / 1e6, 2.0, "MB")]
        if shown != "–":
            budgets.append(Budget(f"{said}: drawn", float(shown), 1.0, "s"))
    if browser():
        seconds, size = locusts_own()
        rows.append(["Locust's own", "–", "–", "–", "–", size / 1e6, seconds])
    columns = ["report", "events", "on the clock, s", "CPU, s", "at most in memory, MB", "page, MB", "drawn in, s"]
    return [Measurement("The report", columns, rows, budgets)]


def _report(events: int) -> tuple[int, float, float, int, int, float | str]:
    with tempfile.TemporaryDirectory() as place:
        run = Path(place) / "run"
        run.mkdir()
        written = long_log(run, events)
        used = use([sys.executable, "-m", "loadtests.cli", "report", str(run)])
        page = run / PAGE
        shown = drawn(page) if browser() else "–"
        return written, used.wall_seconds, used.cpu_seconds, used.peak_bytes, page.stat().st_size, shown
