"""A Locust process that measures itself: one of the locustfiles of this folder, for some seconds."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import msgspec

_LOCUSTFILES = Path(__file__).parent / "locustfiles"
GENERATORS = {"streamsoak": "streaming_user", "FastHttpUser": "fast_http_user", "HttpUser": "http_user"}
"""By what people call them, the locustfiles."""
_BOUND_SECONDS = 180.0


class Told(msgspec.Struct):
    """What a process told of itself."""

    windows: list[tuple[float, float, float]]
    """CPU seconds, requests, and seconds on the clock."""
    resident: int
    """Bytes of memory at the end."""


def locust(generator: str, url: str, persons: int, windows: int, wait: float = 0.0) -> Told:
    """So many persons at once, who wait so many seconds between two keep-alives; raises RuntimeError where none is measured."""
    locustfile = GENERATORS[generator]
    with tempfile.TemporaryDirectory() as folder:
        result = Path(folder) / "result.json"
        command = [sys.executable, "-m", "locust", "-f", str(_LOCUSTFILES / f"{locustfile}.py")]
        command += ["--headless", "--only-summary", "-u", str(persons), "-r", str(persons), "--host", url]
        if generator == "streamsoak":
            command += ["--run-dir", folder, "--observe", "0"]
        asked = {"BENCH_RESULT": str(result), "BENCH_WINDOWS": str(windows), "BENCH_WAIT": str(wait)}
        said = subprocess.run(
            command, env={**os.environ, **asked}, capture_output=True, timeout=_BOUND_SECONDS, check=False
        )
        if not result.exists():
            raise RuntimeError(f"{locustfile} has measured nothing:\n{said.stderr.decode()[-2000:]}")
        return msgspec.json.decode(result.read_bytes(), type=Told)
