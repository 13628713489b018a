"""`make fit-accuracy`: fits 100 simulated days of known people, and plans from six loads and from their fits.

Prints the tables and writes them into docs/fit.md; ends with 1 if a parameter was outside its interval too often, or a plan
differs by more than it may.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from typing import TypeVar

from .days import LEAST, fit_of_day
from .plans import WITHIN, Agreement, agreement
from .table import covered, rows, write

_Result = TypeVar("_Result")


def main() -> int:
    """Run it."""
    parser = argparse.ArgumentParser(prog="python -m tests.fit_accuracy", description=__doc__)
    parser.add_argument("--processes", type=int, default=os.cpu_count(), metavar="N")
    parser.add_argument("--days", type=int, default=100, metavar="N")
    parser.add_argument("--plans", type=int, default=6, metavar="N")
    parser.add_argument("--no-write", action="store_true", help="only print the tables")
    arguments = parser.parse_args()
    with ProcessPoolExecutor(arguments.processes) as processes:
        plans = list(_each(processes, agreement, range(1, arguments.plans + 1)))
        days = list(_each(processes, fit_of_day, range(1, arguments.days + 1)))
    lines = rows(days, plans)
    print("\n".join(lines))
    if not arguments.no_write:
        write(lines)
    within = all(count >= LEAST * len(days) for count in covered(days).values())
    return 0 if within and all(abs(each.difference) <= WITHIN for each in plans) else 1


def _each(
    processes: ProcessPoolExecutor, carry_out: Callable[[int], _Result], seeds: Iterable[int]
) -> Iterator[_Result]:
    for number, result in enumerate(processes.map(carry_out, seeds), 1):
        told = f": {100 * result.difference:+.2f}" if isinstance(result, Agreement) else ""
        print(f"{carry_out.__name__} {number}{told}", file=sys.stderr, flush=True)
        yield result


if __name__ == "__main__":
    sys.exit(main())
