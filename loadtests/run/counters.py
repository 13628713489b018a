"""Counts one process's figures while a run goes on."""

from __future__ import annotations

from array import array
from collections import Counter

import numpy as np
import numpy.typing as npt

from loadtests.engine.engine import Engine
from loadtests.model.api.answer import Answer, Outcome, Reason
from loadtests.model.api.operation import Operation
from loadtests.model.gates.counts import Counts
from loadtests.model.maths.histogram import Histogram
from loadtests.model.session.listener import EngineListener
from loadtests.model.session.session import Session
from loadtests.model.session.steps import Call
from loadtests.run.hopeless import FailedAttempts
from loadtests.run.snapshot import LATENESS_BOUNDS, ProcessSnapshot

_NEW, _KEEP_ALIVE = Operation.NEW, Operation.KEEP_ALIVE
_OK, _WITHHELD = Outcome.OK, Outcome.WITHHELD
"""Bound here for speed: see loadtests.engine."""


class Counters(EngineListener):
    """Counts answers and sessions. Its size does not grow with the run."""

    def __init__(self) -> None:
        self.opened_by_profile: Counter[str] = Counter()
        self.hits: Counter[str] = Counter()
        """By profile."""
        self.requests = 0
        self.lateness = Histogram()
        """Lateness of the requests since the last snapshot, in seconds."""
        self._recent_lateness = array("d")
        """Added to the histogram once a second."""
        self._lateness_counts = [0] * (len(LATENESS_BOUNDS) + 1)
        self._lateness_sum = 0.0
        self.worst_delay = 0.0
        """The longest delay of the engine's loop since the last snapshot, in seconds."""
        self.counts = Counts()
        """Since the run began."""
        self.failed_attempts = FailedAttempts()
        self._retrying: set[int] = set()
        """Numbers of the sessions that were refused and whose users may retry."""

    @property
    def opened(self) -> int:
        """Sessions opened since the run began."""
        return self.opened_by_profile.total()

    def on_answer(self, call: Call, answer: Answer, size: int) -> None:
        """Counts a request that was sent."""
        if answer.outcome is _WITHHELD:
            return
        self.requests += 1
        self._recent_lateness.append(answer.sent - call.intended)
        if call.operation is _NEW:
            self._count_attempt(call.session, answer)
        elif call.operation is _KEEP_ALIVE and answer.outcome is not _OK:
            self.counts.keep_alives_failed += 1

    def _count_attempt(self, session: Session, answer: Answer) -> None:
        is_first = session.number not in self._retrying
        if answer.outcome is _OK:
            self.opened_by_profile[session.profile] += 1
            self.failed_attempts.clear()
            self._retrying.discard(session.number)
            return
        self._retrying.add(session.number)
        if not self.opened:
            self.failed_attempts.add(answer)
        if answer.reason is Reason.CONCURRENCY:
            self.counts.hits += 1
            self.hits[session.profile] += 1
            self.counts.first_hits += is_first

    def on_give_up(self, session: Session) -> None:
        """Forgets the refused attempts of `session`."""
        self._retrying.discard(session.number)

    def on_close(self, session: Session, at: float) -> None:
        """Counts `session` if it was lost to idleness."""
        # As a report counts them: not sessions near their duration cap, and not those of lost workers (which have no profile).
        is_capped = session.cap and at + session.idle_timeout >= session.opened + session.cap
        is_lost = session.profile and not session.way and not session.stopped
        if is_lost and not is_capped and at >= session.due[0]:
            self.counts.lost_to_idle += 1

    def loop_delay(self, seconds: float) -> None:
        """Records the longest loop delay of the last second, and updates the lateness histogram."""
        recent = np.array(self._recent_lateness)
        del self._recent_lateness[:]
        self.lateness.add_all(recent)
        self._lateness_sum += float(recent.sum())
        self.worst_delay = max(self.worst_delay, seconds)
        self.counts.longest_stall = max(self.counts.longest_stall, seconds)

    def snapshot(self, now: float, engine: Engine) -> ProcessSnapshot:
        """Returns the figures now, and resets those of the window since the last snapshot."""
        margins, late = np.array(engine.margins), np.array(engine.delays)
        del engine.margins[:], engine.delays[:]
        occupancy = engine.occupancy
        snapshot = ProcessSnapshot(
            now,
            held=engine.held,
            leaks=occupancy.leaks,
            opened=self.opened,
            hits=self.counts.hits,
            requests=self.requests,
            session_seconds=engine.session_seconds,
            lateness_p99=self.lateness.percentile(0.99),
            lateness=self._count_lateness(),
            lateness_sum=self._lateness_sum,
            margin_min=_ranked(margins, 0),
            margin_p1=_ranked(margins, len(margins) // 100),
            keep_alive_late=_ranked(late, len(late) - 1 - len(late) // 100),
            worst_delay=self.worst_delay,
            known_until=engine.known_until,
            sessions=occupancy.by_profile(),
            opened_by_profile=dict(self.opened_by_profile),
            hits_by_profile=dict(self.hits),
            due_next=occupancy.due_next(),
            ended_last=occupancy.ended_last(),
            defects=engine.defects,
            counts=self.counts,
            failed_attempts=dict(self.failed_attempts.by_cause),
        )
        self.lateness.clear()
        self.worst_delay = 0.0
        return snapshot

    def _count_lateness(self) -> list[int]:
        for at, number in enumerate(self.lateness.cumulative(LATENESS_BOUNDS)):
            self._lateness_counts[at] += number
        return list(self._lateness_counts)


def _ranked(values: npt.NDArray[np.float64], rank: int) -> float | None:
    """Returns the value that `rank` others do not exceed. Without sorting, for which a load generator's loop would wait."""
    return float(np.partition(values, rank)[rank]) if len(values) else None
