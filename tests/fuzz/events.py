"""Damaged event logs, in a process of its own: what reads them is not all Python, and may take the process with it.

`python -m tests.fuzz.events SEED COUNT`: a line for each damaged log that did not end in a documented way.
"""

from __future__ import annotations

import contextlib
import io
import random
import shutil
import sys
import tempfile
from pathlib import Path

from loadtests.cli.__main__ import main as streamsoak

from .mutate import CORPUS

DOCUMENTED = (0, 1, 2, 64, 69)


def damaged(whole: bytes, whims: random.Random) -> bytes:
    """A log of which some bytes are others, or missing, or doubled."""
    data = bytearray(whole)
    for _ in range(whims.choice((1, 1, 2, 8))):
        at = whims.randrange(len(data))
        what = whims.random()
        if what < 0.7:
            data[at] = whims.choice((0, 1, 0x7F, 0x80, 0xFF, whims.randrange(256)))
        elif what < 0.85:
            del data[at : at + whims.choice((1, 8, 64))]
        else:
            data[at:at] = data[at : at + whims.choice((1, 8, 64))]
    return bytes(data)


def main() -> int:
    """Judge that many damaged logs."""
    first, count = int(sys.argv[1]), int(sys.argv[2])
    bad = 0
    whole = (CORPUS / "events.arrow").read_bytes()
    for seed in range(first, first + count):
        with tempfile.TemporaryDirectory() as folder:
            shutil.copy(CORPUS / "manifest.json", folder)
            (Path(folder) / "events.arrow").write_bytes(damaged(whole, random.Random(seed)))
            said = io.StringIO()
            print(seed, flush=True)
            with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
                code = streamsoak(["check", folder])
            if code not in DOCUMENTED:
                bad += 1
                print(f"seed {seed}: exit code {code}\n{said.getvalue()}", flush=True)
    return int(bad > 0)


if __name__ == "__main__":
    sys.exit(main())
