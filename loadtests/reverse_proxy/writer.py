"""Writes the recording beside the proxy: a thread takes the exchanges that have passed and writes their rows.

Nothing here can fail or delay a request. A queue that is full drops exchanges, a disk that is full loses rows; both are counted,
and the log says so (`gap`) once there is room.
"""

from __future__ import annotations

import sys
import threading
import time
from collections import Counter, deque
from collections.abc import Callable
from pathlib import Path

from loadtests.model.api.description.description import ApiDescription
from loadtests.model.log.record import Observation, nanoseconds
from loadtests.model.text.wording import count
from loadtests.recording.client_log import CLIENT, ClientLog
from loadtests.recording.memory import resident_bytes
from loadtests.recording.recorder import Recorder
from loadtests.reverse_proxy.calls import Calls
from loadtests.reverse_proxy.exchange import Exchange
from loadtests.reverse_proxy.rotation import Rotation

MOST_WAITING = 50_000
"""Exchanges that wait to be written."""
MOST_BYTES = 64 << 20
"""Of their bodies."""
_MOST_SESSIONS = 500_000
_PAUSE_SECONDS = 0.05
_FLUSH_SECONDS = 0.5
_BEAT_SECONDS = 60.0
_SAY_SECONDS = 600.0
_AT_ONCE = 64
"""Exchanges that are read before the proxy gets its turn."""


class Writer:
    """The recording in the directory `folder`. `zero`: its 0 on the monotonic clock."""

    def __init__(
        self,
        folder: Path,
        api: ApiDescription,
        zero: float,
        rotation: Rotation,
        say: Callable[[str], None] = lambda line: print(line, file=sys.stderr, flush=True),
    ) -> None:
        self._folder = folder
        self._zero = zero
        self._rotation = rotation
        self._say = say
        self._recorder = Recorder(folder, [CLIENT])
        self._log = ClientLog(self._recorder, _MOST_SESSIONS)
        self._calls = Calls(self._log, api, zero)
        self._queue: deque[Exchange] = deque()
        self._came = self._taken = 0
        self.dropped = 0
        """Exchanges for which the queue had no room."""
        self.errors: Counter[str] = Counter()
        """Defects by kind: each is an exchange that is missing."""
        self._missing_since: float | None = None
        self._missing = self._accounted = 0
        self._reasons: Counter[str] = Counter()
        self._said: dict[str, float] = {}
        self._is_told = False
        self._flushed = self._beat = self._opened = -float("inf")
        self._ends = threading.Event()
        self._thread = threading.Thread(target=self._run, name="recording", daemon=True)

    @property
    def lost(self) -> int:
        """Exchanges and rows that are missing from the log."""
        return self.dropped + self._recorder.lost + self.errors.total()

    @property
    def written(self) -> int:
        """Rows in the log."""
        return self._recorder.written

    def put(self, exchange: Exchange) -> None:
        """Takes an exchange that has ended: called by the proxy, returns at once."""
        if exchange.call is None:
            return
        size = exchange.asked.size + exchange.answer.size
        if len(self._queue) >= MOST_WAITING or self._came - self._taken > MOST_BYTES:
            self.dropped += 1
            return
        self._came += size
        self._queue.append(exchange)

    def start(self) -> None:
        """Begins to write."""
        self._opened = time.monotonic()
        self._thread.start()

    def stop(self) -> None:
        """Writes what waits, and ends the log."""
        self._ends.set()
        self._thread.join()
        while self._queue:
            self._turn()
        self._turn(is_last=True)
        self._recorder.close()

    def _run(self) -> None:
        while not self._ends.wait(_PAUSE_SECONDS):
            self._turn()

    def _turn(self, *, is_last: bool = False) -> None:
        try:
            self._drain()
            now = time.monotonic()
            if now >= self._beat + _BEAT_SECONDS or is_last:
                self._beat = now
                # A recording without calls goes on, too: a report needs its end.
                self._log.note(nanoseconds(now - self._zero), Observation.MEMORY, 0, float(resident_bytes()), None)
            if now >= self._flushed + _FLUSH_SECONDS or is_last:
                self._flushed = now
                self._write(now)
        except Exception as error:  # noqa: BLE001 - recording goes on, whatever it is
            self._count(error)

    def _drain(self) -> None:
        until = time.monotonic() + _FLUSH_SECONDS
        while self._queue and time.monotonic() < until:
            for _ in range(min(_AT_ONCE, len(self._queue))):
                exchange = self._queue.popleft()
                self._taken += exchange.asked.size + exchange.answer.size
                try:
                    self._calls.add(exchange)
                except Exception as error:  # noqa: BLE001 - one exchange is missing, and the next is not
                    self._count(error)
            self._recorder.flush_if_full()
            time.sleep(0)

    def _write(self, now: float) -> None:
        self._recorder.flush()
        self._tell_gap(now)
        if self._rotation.is_due(now - self._opened, self._recorder.stream_bytes):
            self._recorder.rotate()
            self._opened = now
            self._rotation.delete_old(self._folder, time.time())

    def _tell_gap(self, now: float) -> None:
        """Writes down how much is missing, once something can be written."""
        lost = self.lost
        if lost > self._accounted:
            if self._missing_since is None:
                self._missing_since = now
                self._tell(now)
            self._missing += lost - self._accounted
            self._accounted = lost
        if not self._missing or self._missing_since is None:
            return
        before, at = self._recorder.written, nanoseconds(self._missing_since - self._zero)
        self._log.note(at, Observation.GAP, 0, float(self._missing), self._why())
        self._recorder.flush()
        if self._recorder.written > before:
            if self._is_told:
                self._say(f"streamsoak record: recording goes on; {count(self._missing, 'call')} could not be recorded")
            self._is_told = False
            self._missing, self._missing_since = 0, None
            self._reasons = Counter({"backlog": self.dropped, "disk": self._recorder.lost, **self.errors})
        else:
            # The row of the gap itself is no call.
            self._accounted = self.lost

    def _tell(self, now: float) -> None:
        """Tells the operator, for each reason once in a while."""
        why = self._why()
        if now >= self._said.get(why, -float("inf")) + _SAY_SECONDS:
            self._said[why] = now
            self._is_told = True
            self._say(f"streamsoak record: calls cannot be recorded ({why}); requests go on")

    def _why(self) -> str:
        now = Counter({"backlog": self.dropped, "disk": self._recorder.lost, **self.errors})
        return ", ".join(sorted((now - self._reasons).keys())) or "unknown"

    def _count(self, error: Exception) -> None:
        # The kind alone: an error's text may have a part of what was read.
        self.errors[type(error).__name__] += 1
