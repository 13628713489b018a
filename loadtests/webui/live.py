"""The run that goes on, as browsers see it: each second is put into words once, and shared by all who listen."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
from gevent.event import Event

from loadtests.run.run import Run
from loadtests.run.snapshot import ProcessSnapshot
from loadtests.webui.frame import Frame, doubts, frame
from loadtests.webui.series import Series

MOST_BROWSERS = 100
_SILENCE_SECONDS = 15.0
"""After which a word is said to browsers, so that proxies do not hang up, and one that has gone is noticed."""


class Told(msgspec.Struct):
    """What browsers are told each second (docs/web.md)."""

    run: str = ""
    """Its directory's name; "": none has begun."""
    state: str = "none"
    """`none`, `running`, `draining` or `ended`."""
    scenario: str = ""
    host: str = ""
    started: float = 0.0
    """Unix seconds."""
    limit: int | None = None
    frame: Frame | None = None
    analysing: bool = False
    analysed: float | None = None
    """Up to which second of the run findings are known; None: there are none yet."""


class Live:
    """Follows one run after the other."""

    def __init__(self) -> None:
        self.run: Run | None = None
        """The run that goes on; None: there is none, or it is over."""
        self.told = Told()
        self.browsers = 0
        """Who listen now."""
        self._series = Series()
        self._worst_delay = 0.0
        self._said = b""
        self._times_said = 0
        self._history: tuple[int, bytes] = (-1, b"")
        self._next = Event()
        self._say()

    def follow(self, run: Run) -> None:
        """A run has begun."""
        manifest = run.manifest
        self.run, self._series, self._worst_delay = run, Series(), 0.0
        self.told = Told(
            run.folder.name,
            "running",
            manifest.scenario.name if manifest.scenario else "",
            manifest.host,
            manifest.started_unix,
            manifest.limit,
        )
        run.each_second(self._take)
        self._say()

    def ending(self) -> None:
        """The load is over: sessions are being closed, then the run is judged."""
        if self.run is not None:
            self.told.state = "draining"
            self._say()

    def ended(self) -> None:
        """The run is over, and its report written."""
        self.run = None
        if self.told.run:
            self.told.state = "ended"
            self._say()

    def analysis(self, until: float | None, *, goes_on: bool) -> None:
        """What is known of findings has changed."""
        self.told.analysed, self.told.analysing = until, goes_on
        self._say()

    def state(self) -> bytes:
        """What was told last, as JSON."""
        return self._said

    def history(self) -> bytes:
        """The run's figures so far, figure by figure, as JSON; put into words at most once a second."""
        if self._history[0] != self._times_said:
            said = msgspec.json.encode({"run": self.told.run, "columns": self._series.columns()})
            self._history = self._times_said, said
        return self._history[1]

    def listen(self) -> Iterator[bytes]:
        """Server-sent events, for as long as somebody reads them. Raises OverflowError where too many do."""
        if self.browsers >= MOST_BROWSERS:
            raise OverflowError
        return self._listen()

    def _listen(self) -> Iterator[bytes]:
        self.browsers += 1
        try:
            yield _event(self._said)
            while True:
                # Whoever reads slowly misses seconds, and holds up nobody.
                yield _event(self._said) if self._next.wait(_SILENCE_SECONDS) else b": still here\n\n"
        finally:
            self.browsers -= 1

    def _take(self, pulses: list[ProcessSnapshot]) -> None:
        run = self.run
        if run is None:
            return
        self._worst_delay = max([self._worst_delay, *(pulse.worst_delay for pulse in pulses)])
        now = frame(run.now(), pulses, run.listed, run.foreign_sessions, run.stage)
        now.warnings = doubts(pulses, self._worst_delay, run.manifest.tolerance)
        self._series.add(now)
        self.told.frame = now
        self._say()

    def _say(self) -> None:
        self._said = msgspec.json.encode(self.told)
        self._times_said += 1
        self._next, before = Event(), self._next
        before.set()


def _event(data: bytes) -> bytes:
    return b"data: " + data + b"\n\n"
