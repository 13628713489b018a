"""`make accuracy`: from each of ten simulated hours, the refusals of another with another limit and other leaks.

Prints the table and writes it into docs/capacity.md; ends with 1 if a plan was off by more than it may be.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
from concurrent.futures import ProcessPoolExecutor
from functools import partial

from .cases import CASES
from .result import ON_AVERAGE, SEEDS, WITHIN, Result, carry_out
from .table import rows, write


def main() -> int:
    """Run it."""
    parser = argparse.ArgumentParser(prog="python -m tests.accuracy", description=__doc__)
    parser.add_argument("--processes", type=int, default=os.cpu_count(), metavar="N")
    arguments = parser.parse_args()
    with ProcessPoolExecutor(arguments.processes) as processes:
        results = _results(processes)
    print("\n".join(rows(results)))
    write(results)
    errors = [abs(result.error) for result in results]
    return 0 if max(errors) <= WITHIN and statistics.fmean(errors) <= ON_AVERAGE else 1


def _results(processes: ProcessPoolExecutor) -> list[Result]:
    results = []
    for result in processes.map(partial(carry_out, seeds=SEEDS), CASES):
        results.append(result)
        print(f"{len(results)} of {len(CASES)}: off by {100 * result.error:+.2f}", file=sys.stderr, flush=True)
    return results


if __name__ == "__main__":
    sys.exit(main())
