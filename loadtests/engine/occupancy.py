"""Who holds the slots, counted as it changes: a scan of a million sessions each second would make the engine late."""

from __future__ import annotations

import heapq
from collections import Counter, defaultdict, deque
from collections.abc import Callable

import msgspec

from loadtests.model.session.session import Holder, Session, State

MOST_LEAKS = 20
"""Leaks that a pulse names: those due next, and those that ended last."""

_NONE, _LEAKED, _LOST = Holder.NONE, Holder.LEAKED, State.LOST


class Leak(msgspec.Struct):
    """A leak outstanding."""

    session: int
    """Our number of it."""
    profile: str
    way: str
    """How its person left; `lost-answer`: nobody knows its id."""
    id: str
    """The API's; "" where it never came. It is the API's text: never to be taken for markup."""
    due: float
    """When the API has to have reaped it, in seconds of the run."""


class LeakEnd(msgspec.Struct):
    """A leak that the API has closed, as far as is known here: reaped."""

    session: int
    profile: str
    way: str
    id: str
    earliest: float
    """Before this the API must not have reaped it, in seconds of the run."""
    due: float
    ended: float
    """When that was known, in seconds of the run: the list is looked at now and then only."""


class Occupancy:
    """Sessions by profile and holder, and which leaks are due next. `now` is the run's clock, in seconds."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._by_profile: defaultdict[str, Counter[Holder]] = defaultdict(Counter)
        self._leaks = OutstandingLeaks()

    def count(self, session: Session) -> None:
        """The holder of the session's slot may have changed. Constant time."""
        before, holder = session.counted_as, session.holder
        if before is holder:
            return
        session.counted_as = holder
        counts = self._by_profile[session.profile]
        if before is not _NONE:
            counts[before] -= 1
        if holder is not _NONE:
            counts[holder] += 1
        if holder is _LEAKED:
            self._leaks.begin(session, self._now())
        elif before is _LEAKED:
            self._leaks.end(session, self._now())

    @property
    def leaks(self) -> int:
        """Sessions that are leaked now."""
        return len(self._leaks)

    def by_profile(self) -> dict[str, dict[str, int]]:
        """Sessions by profile and holder; what there is none of is not named."""
        found = {
            profile: {holder.value: number for holder, number in counts.items() if number}
            for profile, counts in self._by_profile.items()
        }
        return {profile: counts for profile, counts in found.items() if counts}

    def due_next(self) -> list[Leak]:
        """The leaks outstanding that are due next, at most `MOST_LEAKS`; what is overdue comes first."""
        return self._leaks.due_next()

    def ended_last(self) -> list[LeakEnd]:
        """The leaks that ended last, at most `MOST_LEAKS`."""
        return list(self._leaks.ended)


class OutstandingLeaks:
    """Leaks outstanding, in the order in which the API has to reap them.

    The due time of a zombie moves with each of its keep-alives, so an entry of the heap is a lower bound: it is looked at
    again when its turn comes.
    """

    def __init__(self) -> None:
        self._open: dict[int, tuple[Session, float]] = {}
        """By our number, with the due time of one whose answer was lost: such a session has none of its own."""
        self._heap: list[tuple[float, int]] = []
        self.ended: deque[LeakEnd] = deque(maxlen=MOST_LEAKS)

    def __len__(self) -> int:
        return len(self._open)

    def begin(self, session: Session, now: float) -> None:
        """Nobody cares for `session` any more."""
        self._open[session.number] = session, now + session.idle_timeout
        heapq.heappush(self._heap, (self._due(session.number), session.number))

    def end(self, session: Session, now: float) -> None:
        """`session` is closed, or is being closed."""
        del self._open[session.number]
        if session.state is State.CLOSING:
            return
        earliest, due = session.due
        self.ended.append(LeakEnd(session.number, session.profile, session.way, session.id, earliest, due, now))

    def due_next(self) -> list[Leak]:
        """The first of them, at most `MOST_LEAKS`."""
        first: dict[int, float] = {}
        while self._heap and len(first) < MOST_LEAKS:
            due, number = heapq.heappop(self._heap)
            if number not in self._open or number in first:
                continue
            if (later := self._due(number)) > due:
                heapq.heappush(self._heap, (later, number))
            else:
                first[number] = due
        for number, due in first.items():
            heapq.heappush(self._heap, (due, number))
        return [self._leak(number, due) for number, due in first.items()]

    def _due(self, number: int) -> float:
        session, due_if_lost = self._open[number]
        return due_if_lost if session.state is _LOST else session.due[1]

    def _leak(self, number: int, due: float) -> Leak:
        session, _ = self._open[number]
        return Leak(number, session.profile, session.way or "lost-answer", session.id, due)
