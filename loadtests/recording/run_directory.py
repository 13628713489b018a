"""Creates a run's directory and writes its manifest."""

from __future__ import annotations

import platform
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from loadtests.model.run.manifest import Manifest
from loadtests.model.run.run_name import MANIFEST
from loadtests.model.text.input_error import InputError
from loadtests.recording.atomic_write import write_atomically

_MAX_SAME_NAME = 1000


def new_folder(runs: Path, name: str) -> Path:
    """Creates and returns a directory in `runs`, named by the time and `name`. Raises InputError."""
    stamp = datetime.now(UTC).strftime("%Y%m%d-%H%M%S")
    for suffix in ("", *(f"-{n}" for n in range(2, _MAX_SAME_NAME))):
        folder = runs / f"{stamp}-{name}{suffix}"
        try:
            folder.mkdir(parents=True)
        except FileExistsError:
            continue
        except OSError as error:
            raise InputError.of("--run-dir", f"{folder} cannot be created: {error.strerror}") from None
        return folder
    raise InputError.of("--run-dir", f"{runs} has too many runs that began in this second")


def write_manifest(run: Path, manifest: Manifest) -> None:
    """Writes the manifest of the run in the directory `run`, in one step. Raises OSError."""
    write_atomically(run / MANIFEST, manifest.model_dump_json(indent=1).encode())


def software_versions() -> dict[str, str]:
    """Returns the versions of the software that generates the load."""
    return {"python": platform.python_version(), **{name: version(name) for name in ("streamsoak", "locust")}}
