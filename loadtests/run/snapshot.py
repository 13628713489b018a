"""How a process's part of the run is, at a glance: what the terminal and the master see of it."""

from __future__ import annotations

import msgspec

from loadtests.engine.occupancy import Leak, LeakEnd
from loadtests.model.gates.counts import Counts
from loadtests.model.session.ending import DrainPhase

LATENESS_BOUNDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)
"""Upper bounds of the lateness histogram's buckets, in seconds; a last one takes what is later."""


class ProcessSnapshot(msgspec.Struct):
    """One process's figures, at `now`: of this instant, counts since the run began, or (said so) of the window since its last
    pulse. Bounded in size, whatever the run.
    """

    now: float
    """Seconds of the run."""
    held: int = 0
    """Sessions that may hold a slot."""
    leaks: int = 0
    """Of them, leaked."""
    opened: int = 0
    hits: int = 0
    requests: int = 0
    session_seconds: float = 0.0
    lateness_p99: float | None = None
    """Of the window's requests, in seconds; None: there were none."""
    lateness: list[int] = []
    """Requests since the run began that were no later than each of `LATENESS_BOUNDS`, to 2 %, and how many there were."""
    lateness_sum: float = 0.0
    """Of the requests since the run began, in seconds."""
    margin_min: float | None = None
    """The least margin of the window's acknowledged keep-alives, in seconds; None: there were none."""
    margin_p1: float | None = None
    """What all but 1 % of those margins exceed."""
    keep_alive_late: float | None = None
    """The lateness that all but 1 % of those keep-alives do not exceed, in seconds."""
    worst_delay: float = 0.0
    """Of the engine's loop in the window, in seconds."""
    known_until: float = 0.0
    """Before this, in seconds of the run, no `new` of this process is without its answer."""
    counts: Counts = msgspec.field(default_factory=Counts)
    """Since the run began: what gates may abort by."""
    sessions: dict[str, dict[str, int]] = {}
    """By profile, then by holder (active, quiet, closing, leaked)."""
    hits_by_profile: dict[str, int] = {}
    due_next: list[Leak] = []
    """Of the leaks outstanding, a bounded number: those due next."""
    ended_last: list[LeakEnd] = []
    """Leaks that the API has closed, a bounded number: the last."""
    lost_events: int = 0
    """Events that could not be written: the run cannot be trusted."""
    defects: int = 0
    """Errors of ours: the run cannot be trusted."""
    drain_phase: DrainPhase | None = None
    """What the process's drain is doing; None: it has not begun, or the process has finished."""

    def without_sessions(self) -> ProcessSnapshot:
        """The counts alone: of a process that is gone, and whose sessions are others' now."""
        return msgspec.structs.replace(
            self, held=0, leaks=0, sessions={}, due_next=[], worst_delay=0.0, drain_phase=None
        )
