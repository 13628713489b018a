"""Reads past runs from their directories."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gevent
import msgspec

from loadtests.recording.report_summary import read_summary
from loadtests.recording.unswept import count_left_open

MOST_RUNS = 50
"""The newest."""
FILES = ("report.html", "plan.html", "compare.html", "summary.json", "junit.xml", "support.csv")
"""Files of a run's directory that the page serves."""
_WATCHED_FILES = ("manifest.json", "summary.json", "report.html", "plan.html", "compare.html", "ledger-sweep.jsonl")


class PastRun(msgspec.Struct):
    """One run in the list of runs."""

    run: str
    scenario: str = ""
    started: float = 0.0
    """Unix seconds; of a simulation, when it was made."""
    simulated: bool = False
    """Whether it ran in virtual time."""
    duration: float | None = None
    """Of the whole run, in its own seconds; None: it has not ended."""
    ended: bool = False
    verdict: str | None = None
    """None: not judged."""
    sentence: str = ""
    report: bool = False
    plan: bool = False
    comparison: bool = False
    """Whether it was compared with another run."""
    open: int = 0
    """Number of sessions that it may have left open."""


class _Scenario(msgspec.Struct):
    name: str = ""


class _Manifest(msgspec.Struct):
    scenario: _Scenario | None = None
    started_unix: float = 0.0
    simulated: bool = False
    simulated_unix: float | None = None
    ended: float | None = None


class Runs:
    """The runs in the directory `folder`. A run is read again only when one of its files has changed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._known: dict[str, tuple[tuple[float, ...], PastRun]] = {}

    def newest(self) -> list[PastRun]:
        """Returns the newest runs first, at most `MOST_RUNS`."""
        found = sorted(self.folder.glob("*/manifest.json"), reverse=True)[:MOST_RUNS]
        self._known = {name: known for name, known in self._known.items() if any(f.parent.name == name for f in found)}
        # By name, the newest 50; among them, the user may have named some without a time.
        return sorted((self._past(file.parent) for file in found), key=lambda past: -past.started)

    def file(self, run: str, name: str) -> Path | None:
        """Returns the path of one of `FILES`; None: there is no such run or file."""
        folder = self.folder / run
        if name not in FILES or run != Path(run).name or run.startswith(".") or folder.is_symlink():
            return None
        return folder / name if (folder / name).is_file() and (folder / "manifest.json").is_file() else None

    def directory(self, run: str) -> Path | None:
        """Returns the directory of a run; None: there is no such run."""
        past = self.past(run)
        return self.folder / past.run if past else None

    def past(self, run: str) -> PastRun | None:
        """Returns the run of that name among the newest; None: there is no such run."""
        return next((past for past in self.newest() if past.run == run), None)

    def _past(self, folder: Path) -> PastRun:
        # Other greenlets, which keep time, run between two directories.
        gevent.sleep(0)
        changed = tuple(modified(folder / name) for name in _WATCHED_FILES)
        known = self._known.get(folder.name)
        if known is None or known[0] != changed:
            known = self._known[folder.name] = changed, _read(folder)
        return known[1]


def _read(folder: Path) -> PastRun:
    manifest = read_json(folder / "manifest.json", _Manifest)
    summary = read_summary(folder)
    return PastRun(
        folder.name,
        manifest.scenario.name if manifest.scenario else "",
        manifest.started_unix if manifest.simulated_unix is None else manifest.simulated_unix,
        manifest.simulated,
        manifest.ended,
        manifest.ended is not None,
        summary.verdict,
        summary.sentence,
        (folder / "report.html").is_file(),
        (folder / "plan.html").is_file(),
        (folder / "compare.html").is_file(),
        count_left_open(folder, _let_others_run),
    )


def _let_others_run() -> None:
    gevent.sleep(0)


def read_json(path: Path, kind: Any) -> Any:
    """Returns the file as a `kind` of struct; where it cannot be read, one with all defaults."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=kind)
    except (OSError, msgspec.DecodeError):
        return kind()


def modified(path: Path) -> float:
    """Returns when the file was changed last, in Unix seconds; 0: there is none."""
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0
