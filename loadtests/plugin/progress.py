"""The run as lines of text: each few seconds on a terminal, once a minute in a pipeline's log."""

from __future__ import annotations

import sys

from loadtests.run.run import Run
from loadtests.run.snapshot import ProcessSnapshot, line

_TERMINAL_SECONDS = 2.0
_LOG_SECONDS = 60.0


class Progress:
    """Prints how `run` goes on, for as long as it does."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._every = _TERMINAL_SECONDS if sys.stderr.isatty() else _LOG_SECONDS
        self._next = self._every
        self._late: float | None = None
        """The worst since the last line."""
        self._delay = 0.0
        run.each_second(self._take)

    def _take(self, pulses: list[ProcessSnapshot]) -> None:
        late = [pulse.lateness_p99 for pulse in pulses if pulse.lateness_p99 is not None]
        self._late = max([*late, *([] if self._late is None else [self._late])], default=None)
        self._delay = max([self._delay, *(pulse.worst_delay for pulse in pulses)])
        now = self._run.now()
        if now < self._next:
            return
        settings = self._run.settings
        said = line(pulses, now, settings.limit, self._late, self._delay, settings.duration)
        print(said, file=sys.stderr, flush=True)
        self._next, self._late, self._delay = now + self._every - 0.5, None, 0.0
