"""Counts a run's figures while it goes on."""

from __future__ import annotations

from collections import Counter

from loadtests.engine.engine import Engine
from loadtests.engine.listener import EngineListener
from loadtests.model.api.answer import Answer, Outcome, Reason
from loadtests.model.api.surface import Operation
from loadtests.model.gates.counts import Counts
from loadtests.model.maths.histogram import Histogram
from loadtests.model.session.session import Session
from loadtests.model.session.steps import Call
from loadtests.run.snapshot import LATENESS_BOUNDS, ProcessSnapshot

_NEW, _KEEP_ALIVE = Operation.NEW, Operation.KEEP_ALIVE
_OK, _WITHHELD = Outcome.OK, Outcome.WITHHELD
"""By names of their own: Python 3.11 takes ten times as long to find a member of an enum as a name of the module."""


class Counters(EngineListener):
    """Counts what the engine tells; small, whatever the run's length."""

    def __init__(self) -> None:
        self.opened = 0
        self.hits: Counter[str] = Counter()
        """By profile."""
        self.requests = 0
        self.lateness = Histogram()
        """Of requests since the last pulse, in seconds."""
        self._lately: list[float] = []
        """What the histogram takes in each second."""
        self._lateness_counts = [0] * (len(LATENESS_BOUNDS) + 1)
        self._lateness_sum = 0.0
        self.worst_delay = 0.0
        """Of the engine's loop, since the last pulse, in seconds."""
        self.counts = Counts()
        """Since the run began."""
        self._trying_again: set[int] = set()
        """Our numbers of sessions that were refused, and whose people may try again."""

    def on_answer(self, call: Call, answer: Answer, size: int) -> None:
        """Count one answer."""
        if answer.outcome is _WITHHELD:
            return
        self.requests += 1
        self._lately.append(answer.sent - call.intended)
        if call.operation is _NEW:
            self._asked(call.session, answer)
        elif call.operation is _KEEP_ALIVE and answer.outcome is not _OK:
            self.counts.keep_alives_failed += 1

    def _asked(self, session: Session, answer: Answer) -> None:
        is_first = session.number not in self._trying_again
        if answer.outcome is _OK:
            self.opened += 1
            self._trying_again.discard(session.number)
            return
        self._trying_again.add(session.number)
        if answer.reason is Reason.CONCURRENCY:
            self.counts.hits += 1
            self.hits[session.profile] += 1
            self.counts.first_hits += is_first

    def on_give_up(self, session: Session) -> None:
        """Its person will not try again."""
        self._trying_again.discard(session.number)

    def on_close(self, session: Session, at: float) -> None:
        """A session is known to be closed, by an answer or by the list, at `at`."""
        # Only what a report will say, too: not one that was close to its duration cap, nor one of a lost worker's.
        is_capped = session.cap and at + session.idle_timeout >= session.opened + session.cap
        is_lost = session.profile and not session.way and not session.stopped
        if is_lost and not is_capped and at >= session.due[0]:
            self.counts.lost_to_idle += 1

    def loop_delay(self, seconds: float) -> None:
        """The engine's loop was late by so much at the worst, in the second that is over."""
        self.lateness.add_all(self._lately)
        self._lateness_sum += sum(self._lately)
        self._lately.clear()
        self.worst_delay = max(self.worst_delay, seconds)
        self.counts.longest_stall = max(self.counts.longest_stall, seconds)

    def snapshot(self, now: float, engine: Engine) -> ProcessSnapshot:
        """The figures now; those of a window begin anew."""
        margins = sorted(margin for margin, _ in engine.kept_alive)
        late = sorted(late for _, late in engine.kept_alive)
        engine.kept_alive.clear()
        census = engine.occupancy
        pulse = ProcessSnapshot(
            now,
            held=len(engine.sessions) - len(engine.opening),
            leaks=census.leaks,
            opened=self.opened,
            hits=self.counts.hits,
            requests=self.requests,
            session_seconds=engine.session_seconds,
            lateness_p99=self.lateness.percentile(0.99),
            lateness=self._count_lateness(),
            lateness_sum=self._lateness_sum,
            margin_min=margins[0] if margins else None,
            margin_p1=margins[len(margins) // 100] if margins else None,
            keep_alive_late=late[-1 - len(late) // 100] if late else None,
            worst_delay=self.worst_delay,
            known_until=engine.known_until,
            sessions=census.by_profile(),
            hits_by_profile=dict(self.hits),
            due_next=census.due_next(),
            ended_last=census.ended_last(),
            defects=engine.defects,
            counts=self.counts,
        )
        self.lateness.clear()
        self.worst_delay = 0.0
        return pulse

    def _count_lateness(self) -> list[int]:
        for at, number in enumerate(self.lateness.cumulative(LATENESS_BOUNDS)):
            self._lateness_counts[at] += number
        return list(self._lateness_counts)
