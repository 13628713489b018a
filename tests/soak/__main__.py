"""`make soak`: runs it, prints the tables, and writes them and the report's picture into docs/; ends with 1 for any fault."""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from reports.build import build_report

from .result import result
from .samples import write as write_samples
from .soak import soak
from .table import PICTURE, rows, write

_IN_FULL = (2000, 120.0)


def main() -> int:
    """Run it."""
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description=__doc__)
    parser.add_argument("--sessions", type=int, default=_IN_FULL[0])
    parser.add_argument("--minutes", type=float, default=_IN_FULL[1])
    parser.add_argument("--folder", type=Path, help="where the run is kept; default: a new one below /tmp")
    arguments = parser.parse_args()
    folder = arguments.folder or Path(tempfile.mkdtemp(prefix="soak-"))
    folder.mkdir(parents=True, exist_ok=True)
    soaked = soak(arguments.sessions, arguments.minutes, folder)
    write_samples(soaked.samples, folder / "samples.csv")
    figures = result(soaked)
    print("\n".join(rows(figures)))
    if (arguments.sessions, arguments.minutes) == _IN_FULL:
        write(figures)
        build_report(soaked.folder, PICTURE)
    for fault in figures.faults:
        print(fault, file=sys.stderr)
    print(soaked.folder / "report.html")
    return int(bool(figures.faults))


if __name__ == "__main__":
    sys.exit(main())
