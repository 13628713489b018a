"""Finds runs by name: a directory, or the newest run."""

from __future__ import annotations

from pathlib import Path

MANIFEST = "manifest.json"
"""The file that describes a run, in its directory (`manifest`)."""
LATEST = "latest"
"""Stands for the newest run wherever a run is named."""
RUNS = Path("runs")
"""The default parent of the runs' directories."""


def recorded_runs(parent: Path) -> list[Path]:
    """Returns the directories of the runs in `parent`, the newest first: their names begin with the time."""
    return sorted((path.parent for path in parent.glob(f"*/{MANIFEST}")), reverse=True)


def run_directory(text: str, parent: Path = RUNS) -> Path:
    """Returns the directory that `text` names: `latest`, a path, or the name of a run in `parent`.

    Raises LookupError if it is empty, or `latest` and there is no run.
    """
    if not text:
        raise LookupError(f"a run is required: its directory, its name in {parent}/, or {LATEST}")
    if text != LATEST:
        path = Path(text)
        return path if path.exists() or not (parent / path / MANIFEST).is_file() else parent / path
    runs = recorded_runs(parent)
    if not runs:
        raise LookupError(f"there is no run in {parent}/ yet")
    return runs[0]
