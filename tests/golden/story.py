"""Writes an event log by hand, row by row."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from loadtests.model.api.answer import Outcome
from loadtests.model.log.record import Row, nanoseconds
from loadtests.model.run.manifest import Manifest
from loadtests.recording.recorder import Recorder
from loadtests.recording.run_directory import write_manifest
from reports.build import build_report, judge_run
from reports.summary import Analysis

TOOK = 0.01
"""Seconds that each call takes."""
STARTED = 1767225600.0
"""When the run started, in Unix time."""


class Story:
    """What happened in a run; times in its seconds."""

    def __init__(self, profile: str = "test") -> None:
        self.rows: list[Row] = []
        self._profile = profile

    def call(self, session: int, kind: str, t: float, **columns: Any) -> Story:
        """An operation, ok unless `outcome` says else, due 1 ms before it was sent unless `intended` does."""
        outcome = columns.get("outcome", Outcome.OK.value)
        self.rows.append(
            Row(
                nanoseconds(t),
                0,
                session,
                self._profile if session else "",
                kind,
                nanoseconds(columns.get("intended", t - 0.001)),
                nanoseconds(columns.get("waited", 0.0)),
                nanoseconds(columns.get("took", TOOK)),
                columns.get("status", 200),
                columns.get("code", 100),
                outcome,
                columns.get("reason", ""),
                columns.get("holder", "active"),
                columns.get("value", 0.0),
                columns.get("detail"),
            )
        )
        return self

    def note(self, session: int, kind: str, t: float, value: float = 0.0, detail: str | None = None) -> Story:
        """A note or an observation."""
        return self.call(
            session, kind, t, outcome="none", took=0.0, intended=t, status=0, code=0, value=value, detail=detail
        )

    def opens(self, session: int, t: float, idle_timeout: float = 30.0, cap: float | None = None) -> Story:
        """A person arrives and gets a session."""
        self.note(session, "arrive", t, 100.0, "close")
        self.call(session, "new", t, value=idle_timeout, detail=f"id-{session}")
        return self.note(session, "cap", t + TOOK, cap) if cap else self

    def refused(
        self, session: int, t: float, reason: str = "concurrency-limit", message: str = "Concurrent limit reached"
    ) -> Story:
        """A `new` that is refused."""
        return self.call(
            session,
            "new",
            t,
            outcome="fail",
            status=429,
            code=10007,
            value=30.0,
            reason=reason,
            detail=message,
        )

    def stops(self, session: int, t: float, closing: int = 0) -> Story:
        """A stop that succeeds."""
        return self.call(session, "stop", t, value=float(closing))

    def leaves(self, session: int, t: float, way: str) -> Story:
        """The person goes."""
        return self.note(session, "leave", t, detail=way)

    def looks(self, until: float, every: float = 1.0) -> Story:
        """The list is read each second."""
        t = 0.5
        while t <= until:
            self.call(0, "list", t, value=1.0)
            t += every
        return self

    def listed(self, session: int, first: float) -> Story:
        """The list shows it."""
        return self.note(session, "seen", first, first - TOOK)

    def vanishes(self, session: int, last: float, gone: float) -> Story:
        """The list had it at `last`, and no longer at `gone`."""
        return self.note(session, "vanished", gone, last)

    def write(self, folder: Path, **manifest: Any) -> Path:
        """The run's directory."""
        folder.mkdir(parents=True, exist_ok=True)
        end = max((row.t for row in self.rows), default=0) / 1e9
        facts: dict[str, Any] = {
            "run": "by-hand",
            "host": "http://127.0.0.1:1",
            "sandbox": True,
            "started_unix": STARTED,
            "seed": 1,
            "limit": 2,
            "observe": 60.0,
            "poll": 1.0,
            "tolerance": 1.0,
            "people": {},
            "scenario": None,
            "software": {"python": "3"},
            "load_ended": end,
            "ended": end,
            "end_reason": "test",
        }
        write_manifest(folder, Manifest(**{**facts, **manifest}))
        recorder = Recorder(folder, [self._profile])
        for row in self.rows:
            recorder.append(row)
        recorder.close()
        return folder

    def analysed(self, folder: Path, **manifest: Any) -> Analysis:
        """What the report makes of it, nothing written."""
        return judge_run(self.write(folder / "run", **manifest))

    def reported(self, folder: Path, **manifest: Any) -> Analysis:
        """The same, and the report in the directory `run` of `folder`."""
        return build_report(self.write(folder / "run", **manifest))
