"""Writes the figures of `make soak` into docs/soak.md."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from tests.document import write_between

from .result import Result

_DOCS = Path(__file__).parents[2] / "docs"
DOCUMENT, PICTURE = _DOCS / "soak.md", _DOCS / "soak.png"
BEGINS, ENDS = "<!-- soak: written by make soak -->", "<!-- soak ends -->"
_UNITS = {"memory": (1e6, " MB"), "files": (1.0, ""), "threads": (1.0, "")}


def rows(result: Result) -> list[str]:
    """Returns the two tables, line by line."""
    return [*_run(result), "", *_processes(result)]


def write(result: Result) -> None:
    """Replaces the tables in the document, between their markers."""
    write_between(DOCUMENT, BEGINS, ENDS, rows(result))


def _run(result: Result) -> Iterator[str]:
    yield "| figure | value |"
    yield "|---|---|"
    yield f"| sessions opened | {result.sessions:,} |"
    yield f"| open at once, on average | {result.held:,.0f} |"
    yield f"| rows in the event log | {result.events:,} |"
    yield f"| concurrency hits | {result.hits:,} |"
    yield f"| keep-alive lateness p99, first ten minutes after filling | {1000 * result.late_first:.1f} ms |"
    yield f"| keep-alive lateness p99, last ten minutes | {1000 * result.late_last:.1f} ms |"
    yield f"| ends and refusals unexplained | {result.unexplained} |"
    yield f"| sessions whose fate is not what the sandbox's log says | {len(result.misjudged)} |"
    yield f"| doubts about the load generator | {len(result.doubts)} |"


def _processes(result: Result) -> Iterator[str]:
    yield "| process | CPU, cores | figure | mean | growth per hour | 95 % interval | |"
    yield "|---|---|---|---|---|---|---|"
    for (name, figure), slope in result.slopes.items():
        unit, suffix = _UNITS[figure]
        cpu = f"{result.cpu[name]:.2f}" if name in result.cpu and figure == "memory" else ""
        mean, rate, low, high = (each / unit for each in (slope.mean, slope.per_hour, slope.low, slope.high))
        yield (
            f"| {name if figure == 'memory' else ''} | {cpu} | {figure} | {mean:.1f}{suffix} | {rate:+.2f}{suffix} |"
            f" {low:+.2f} to {high:+.2f} | {'flat' if slope.is_flat else 'grows'} |"
        )
