"""Finds runs by name: a directory, or the newest run."""

from __future__ import annotations

from pathlib import Path

from loadtests.model.run.manifest import FILE

LATEST = "latest"
"""Stands for the newest run wherever a run is named."""
RUNS = Path("runs")
"""The default parent of the runs' directories."""


def recorded_runs(parent: Path) -> list[Path]:
    """Returns the directories of the runs in `parent`, the newest first: their names begin with the time."""
    return sorted((path.parent for path in parent.glob(f"*/{FILE}")), reverse=True)


def run_directory(text: str, parent: Path = RUNS) -> Path:
    """Returns the directory that `text` names. Raises LookupError if it is `latest` and there is no run."""
    if text != LATEST:
        return Path(text)
    runs = recorded_runs(parent)
    if not runs:
        raise LookupError(f"there is no run in {parent}/ yet")
    return runs[0]
