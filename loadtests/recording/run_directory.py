"""A run's directory: where it is made, and what its manifest says of the software."""

from __future__ import annotations

import platform
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from loadtests.model.text.input_error import InputError


def new_folder(runs: Path, name: str) -> Path:
    """A new directory under `runs`, called by the time and `name`; raises InputError."""
    stamp = datetime.now(UTC).strftime("%Y%m%d-%H%M%S")
    for suffix in ("", *(f"-{n}" for n in range(2, 1000))):
        folder = runs / f"{stamp}-{name}{suffix}"
        try:
            folder.mkdir(parents=True)
        except FileExistsError:
            continue
        except OSError as error:
            raise InputError.of("--run-dir", f"{folder} cannot be made: {error.strerror}") from None
        return folder
    raise InputError.of("--run-dir", f"{runs} holds a thousand runs of this second")


def software() -> dict[str, str]:
    """Versions of what made the load."""
    return {"python": platform.python_version(), **{name: version(name) for name in ("streamsoak", "locust")}}
