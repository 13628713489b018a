"""`make matrix`: every defect alone at two strengths and none at all, over ten seeds, and every pair, in virtual time.

Prints the table and writes it into docs/findings.md; ends with 1 if anything was not found by its own name, or anything
else was.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

from .cells import Cell, Result, alone, carry_out, pairs
from .table import pair_rows, rows, write


def main() -> int:
    """Run it."""
    parser = argparse.ArgumentParser(prog="python -m tests.matrix", description=__doc__)
    parser.add_argument("--seeds", type=int, default=10, metavar="N", help="of each defect alone (default: 10)")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, ProcessPoolExecutor(os.cpu_count()) as processes:
        each = partial(carry_out, root=Path(folder))
        singles = _results(list(alone(arguments.seeds)), each, processes)
        twos = _results(list(pairs()), each, processes)
    print("\n".join([*rows(singles), "", *pair_rows(twos)]))
    write(singles, twos)
    wrong = [result for result in (*singles, *twos) if not result.is_right]
    for result in wrong:
        print(f"{result.cell}: missing {sorted(result.missing)}, surplus {sorted(result.surplus)}", file=sys.stderr)
    return 1 if wrong else 0


def _results(cells: Sequence[Cell], each: partial[Result], processes: ProcessPoolExecutor) -> list[Result]:
    results = []
    for number, result in enumerate(processes.map(each, cells), 1):
        results.append(result)
        if not sys.stderr.isatty():
            continue
        print(f"\r{number} of {len(cells)}", end="", file=sys.stderr, flush=True)
    return results


if __name__ == "__main__":
    sys.exit(main())
