"""A Locust process that measures itself: one of the locustfiles of this folder, for some seconds."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
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
    with tempfile.TemporaryDirectory() as folder:
        result = Path(folder) / "result.json"
        asked = {"BENCH_RESULT": str(result), "BENCH_WINDOWS": str(windows), "BENCH_WAIT": str(wait)}
        said = subprocess.run(
            _command(generator, url, persons, Path(folder)),
            env={**os.environ, **asked},
            capture_output=True,
            timeout=_BOUND_SECONDS,
            check=False,
        )
        if not result.exists():
            raise RuntimeError(f"{generator} has measured nothing:\n{said.stderr.decode()[-2000:]}")
        return msgspec.json.decode(result.read_bytes(), type=Told)


def locust_process(
    generator: str, url: str, persons: int, folder: Path, state: Path, variables: Mapping[str, str]
) -> subprocess.Popen[bytes]:
    """Starts the same without an end; `reading(state)` is the number of keep-alives so far. Its files go into `folder`."""
    return subprocess.Popen(
        _command(generator, url, persons, folder),
        env={**os.environ, **variables, "BENCH_STATE": str(state)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def reading(state: Path) -> int:
    """The number of keep-alives so far; 0 before the first."""
    try:
        return int(state.read_bytes() or b"0")
    except FileNotFoundError:
        return 0


def _command(generator: str, url: str, persons: int, folder: Path) -> list[str]:
    command = [sys.executable, "-m", "locust", "-f", str(_LOCUSTFILES / f"{GENERATORS[generator]}.py")]
    command += ["--headless", "--only-summary", "-u", str(persons), "-r", str(persons), "--host", url]
    return command + (["--run-dir", str(folder), "--observe", "0"] if generator == "streamsoak" else [])
