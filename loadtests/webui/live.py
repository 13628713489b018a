"""The live state of the current run: encoded once per second and sent to all browsers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import msgspec
from gevent.event import Event

from loadtests.model.gates.counts import together
from loadtests.run.run import Run
from loadtests.run.snapshot import ProcessSnapshot
from loadtests.webui.extremes import Extremes
from loadtests.webui.frame import Frame, frame, warnings_of
from loadtests.webui.gate_status import GateStatus, GateStatuses
from loadtests.webui.moments import Moment, Moments
from loadtests.webui.series import Series

MOST_BROWSERS = 100
_SILENCE_SECONDS = 15.0
"""After this a comment is sent, so that proxies keep the connection open and a closed browser is noticed."""


class LiveState(msgspec.Struct):
    """What browsers get each second (docs/web.md)."""

    run: str = ""
    """Name of the run's directory; "": no run has begun."""
    state: str = "none"
    """`none`, `running`, `draining` or `ended`."""
    scenario: str = ""
    host: str = ""
    started: float = 0.0
    """Unix seconds."""
    limit: int | None = None
    duration: float | None = None
    """Of the load, in seconds; None: until it is stopped."""
    needs_its_time: bool = False
    """Whether the verdict is unknown if the run is stopped before its load is over."""
    slack: float = 0.0
    """How long after its due time, in seconds, a leak counts as overdue."""
    gates: list[GateStatus] = []
    moments: list[Moment] = []
    refused: str = ""
    """Why the last start made no run; "": it did."""
    frame: Frame | None = None
    analysing: bool = False
    analysed: float | None = None
    """The second of the run up to which findings are known; None: no analysis yet."""


class Live:
    """Follows each run."""

    def __init__(self) -> None:
        self.run: Run | None = None
        """The current run; None: there is none, or it is over."""
        self.state = LiveState()
        self.browsers = 0
        """Number of browsers that listen."""
        self._series, self._extremes = Series(), Extremes(None)
        self._moments, self._gates = Moments(None, 1.0, 1.0), GateStatuses(())
        self._encoded = b""
        self._version = 0
        self._history: tuple[int, bytes] = (-1, b"")
        self._next = Event()
        self._publish()

    def follow(self, run: Run) -> None:
        """Follows `run`, which has begun."""
        manifest = run.manifest
        self.run = run
        # The list shows the end of a session up to two polls later.
        slack = manifest.tolerance + 2 * manifest.poll
        gates = manifest.scenario.gates if manifest.scenario else ()
        self._gates, self._moments = GateStatuses(gates), Moments(manifest.limit, manifest.tolerance, slack)
        self._series, self._extremes = Series(), Extremes(manifest.limit)
        self.state = LiveState(
            run.folder.name,
            "running",
            manifest.scenario.name if manifest.scenario else "",
            manifest.host,
            manifest.started_unix,
            manifest.limit,
            run.settings.duration,
            manifest.scenario is not None,
            slack,
            self._gates.all,
            self._moments.found,
        )
        run.each_second(self._update)
        self._publish()

    def ending(self) -> None:
        """The load is over: the run drains, then it is judged."""
        if self.run is not None:
            self.state.state = "draining"
            self._moments.once("drain", Moment("drain", round(self.run.now(), 1), "End of the load"))
            self._publish()

    def ended(self) -> None:
        """The run is over and its report is written."""
        self.run = None
        if self.state.run:
            self.state.state = "ended"
            self._publish()

    def refused(self, why: str) -> None:
        """A start made no run."""
        self.state.refused = why
        self._publish()

    def judged(self, gates: Iterable[Mapping[str, Any]], until: float) -> None:
        """A report of the run up to second `until` has judged its gates (as in summary.json)."""
        self._gates.report(gates, until)
        self._note_gates(until)

    def analysis(self, until: float | None, *, running: bool) -> None:
        """An analysis has begun or ended; findings are known up to second `until` of the run."""
        self.state.analysed, self.state.analysing = until, running
        self._publish()

    def encoded(self) -> bytes:
        """Returns the state as JSON."""
        return self._encoded

    def history(self) -> bytes:
        """Returns the run's figures so far as JSON, by column; encoded at most once per second."""
        if self._history[0] != self._version:
            columns = {"run": self.state.run, "columns": self._series.columns()}
            self._history = self._version, msgspec.json.encode(columns)
        return self._history[1]

    def listen(self) -> Iterator[bytes]:
        """Yields server-sent events while the browser reads them. Raises OverflowError if too many browsers do."""
        if self.browsers >= MOST_BROWSERS:
            raise OverflowError
        return self._listen()

    def _listen(self) -> Iterator[bytes]:
        self.browsers += 1
        try:
            yield _event(self._encoded)
            while True:
                # A slow browser misses seconds and delays no other.
                yield _event(self._encoded) if self._next.wait(_SILENCE_SECONDS) else b": still here\n\n"
        finally:
            self.browsers -= 1

    def _update(self, snapshots: list[ProcessSnapshot]) -> None:
        run = self.run
        if run is None:
            return
        manifest = run.manifest
        now = frame(run.now(), snapshots, run.listed, run.foreign_sessions, run.stage, manifest.people)
        self._extremes.complete(now)
        now.warnings = warnings_of(snapshots, self._extremes.delay, manifest.tolerance)
        self._series.add(now)
        self._moments.add(now)
        self._gates.count(together(snapshot.counts for snapshot in snapshots), now.t)
        self._note_gates(now.t)
        self.state.frame = now
        self._publish()

    def _note_gates(self, t: float) -> None:
        for status in self._gates.failed:
            self._moments.once(f"gate {status.gate}", Moment("gate", t, f"Gate fails: {status.gate} ({status.shown})"))
        self.state.gates = self._gates.all

    def _publish(self) -> None:
        self._encoded = msgspec.json.encode(self.state)
        self._version += 1
        self._next, before = Event(), self._next
        before.set()


def _event(data: bytes) -> bytes:
    return b"data: " + data + b"\n\n"
