"""`make torture`: each victim killed at 20 random moments; exit code 1 unless all figures are 0."""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from .torture import VICTIMS, Figures, said, torture


def main() -> int:
    """Run all of them, with a line about each."""
    parser = argparse.ArgumentParser(prog="make torture")
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--first", type=int, default=1)
    parser.add_argument("victims", nargs="*", default=VICTIMS)
    arguments = parser.parse_args()
    total = Figures()
    for seed in range(arguments.first, arguments.first + arguments.seeds):
        for victim in arguments.victims:
            with tempfile.TemporaryDirectory(prefix="torture-") as folder:
                figures = torture(victim, seed, Path(folder))
            print(said(victim, seed, figures), flush=True)
            total.add(figures)
    print(total.basis)
    print(total)
    return int(bool(total.left_open or total.lost or total.false_passes))


if __name__ == "__main__":
    sys.exit(main())
