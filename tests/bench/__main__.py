"""`make bench`: what everything costs, side by side in one go; `make bench-full` takes hours where this takes minutes.

Costs are CPU time as the operating system accounts for it to each process, so that a busy machine changes the figures little;
they are medians of repetitions, and what is compared is compared within one run. A peer or a floor stands beside, where there is
one.
"""

from __future__ import annotations

import argparse
import os
import time
from pathlib import Path

import msgspec
from rich.console import Console

from . import (
    browsers,
    generators,
    growth,
    holding,
    lateness,
    people,
    proxying,
    recording,
    reporting,
    sandboxes,
    scaling,
    virtual_time,
)
from .measurement import Measurement, budgets_table, machine

MEASUREMENTS = {
    "generators": generators,
    "lateness": lateness,
    "scaling": scaling,
    "sandbox": sandboxes,
    "recording": recording,
    "record": proxying,
    "virtual-time": virtual_time,
    "holding": holding,
    "people": people,
    "report": reporting,
    "browsers": browsers,
}
"""Each has `measure(full) -> list[Measurement]`."""


def main() -> None:
    """Measure, print the tables, write the JSON file, and the chart of how cost grows beside it."""
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--full", action="store_true", help="everything at its full size")
    parser.add_argument("--only", action="append", choices=MEASUREMENTS, help="this measurement alone (repeatable)")
    parser.add_argument("--json", type=Path, default=Path("bench.json"), metavar="FILE", help="default: bench.json")
    asked = parser.parse_args()
    os.environ.pop("KONPRO_API_KEY", None)
    console, began, about = Console(width=132), time.monotonic(), machine()
    found: list[Measurement] = []
    for name in asked.only or MEASUREMENTS:
        for measurement in MEASUREMENTS[name].measure(asked.full):
            console.print(measurement.table(), "")
            found.append(measurement)
            if measurement.grows:
                asked.json.with_suffix(".svg").write_text(growth.picture(measurement), encoding="utf-8")
            asked.json.write_bytes(msgspec.json.format(msgspec.json.encode({"machine": about, "measurements": found})))
    console.print(budgets_table(found))
    print(
        f"{time.monotonic() - began:.0f} s; {about['cores']} cores, {about['processor']}, Python {about['python']}; {asked.json}"
    )


if __name__ == "__main__":
    main()
