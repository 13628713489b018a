"""One process's figures, as sent to the master and shown on the terminal each second."""

from __future__ import annotations

import msgspec

from loadtests.engine.occupancy import Leak, LeakEnd
from loadtests.model.gates.counts import Counts
from loadtests.model.session.ending import DrainPhase

LATENESS_BOUNDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)
"""Upper bounds of the lateness histogram's buckets, in seconds; a last bucket is unbounded."""


class ProcessSnapshot(msgspec.Struct):
    """One process's figures at `now`: current values, counts since the run began and, where stated, figures of the window since
    the last snapshot. Its size does not grow with the run.
    """

    now: float
    """Seconds of the run."""
    held: int = 0
    """Sessions that may hold a slot."""
    leaks: int = 0
    """Those of them that are leaked."""
    opened: int = 0
    hits: int = 0
    requests: int = 0
    session_seconds: float = 0.0
    lateness_p99: float | None = None
    """Of the requests in the window, in seconds; None: there were none."""
    lateness: list[int] = []
    """Cumulative counts of requests since the run began: those no later than each of `LATENESS_BOUNDS` (to 2 %), then all."""
    lateness_sum: float = 0.0
    """Sum over the requests since the run began, in seconds."""
    margin_min: float | None = None
    """The smallest margin of the keep-alives acknowledged in the window, in seconds; None: there were none."""
    margin_p1: float | None = None
    """The first percentile of those margins."""
    keep_alive_late: float | None = None
    """The 99th percentile of the lateness of those keep-alives, in seconds."""
    worst_delay: float = 0.0
    """The longest delay of the engine's loop in the window, in seconds."""
    known_until: float = 0.0
    """Every `new` that this process sent before this time, in seconds of the run, has its answer."""
    counts: Counts = msgspec.field(default_factory=Counts)
    """Counts since the run began, for gates that abort."""
    failed_attempts: dict[str, int] = {}
    """Failed attempts to open a session by cause, until the first one succeeds; a bounded number of causes."""
    sessions: dict[str, dict[str, int]] = {}
    """Session counts by profile, then by holder (active, quiet, closing, leaked, unconfirmed)."""
    opened_by_profile: dict[str, int] = {}
    """Sessions opened since the run began."""
    hits_by_profile: dict[str, int] = {}
    due_next: list[Leak] = []
    """The outstanding leaks that are due next, a bounded number."""
    ended_last: list[LeakEnd] = []
    """The leaks that the API closed last, a bounded number."""
    lost_events: int = 0
    """Events that could not be written: with any, the run's results are unreliable."""
    defects: int = 0
    """Internal errors: with any, the run's results are unreliable."""
    drain_phase: DrainPhase | None = None
    """What the process's drain is doing; None: it has not begun, or the process has finished."""

    def without_sessions(self) -> ProcessSnapshot:
        """Returns the counts only, for a process that is gone and whose sessions others have taken over."""
        return msgspec.structs.replace(
            self, held=0, leaks=0, sessions={}, due_next=[], worst_delay=0.0, drain_phase=None
        )
