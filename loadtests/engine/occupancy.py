"""Incremental counts of who holds slots. Scanning a million sessions each second would delay the engine."""

from __future__ import annotations

import heapq
from collections import Counter, defaultdict, deque
from collections.abc import Callable

import msgspec

from loadtests.model.session.session import Holder, Session, State

MOST_LEAKS = 20
"""How many leaks a snapshot lists at most: of those due next, and of those that ended last."""

_NONE, _LEAKED, _UNCONFIRMED, _LOST = Holder.NONE, Holder.LEAKED, Holder.UNCONFIRMED, State.LOST
_WITHOUT_PERSON = (_LEAKED, _UNCONFIRMED)
"""Bound here for speed: see loadtests.engine."""


class Leak(msgspec.Struct):
    """A leak outstanding."""

    session: int
    """Session number."""
    profile: str
    way: str
    """How the user left; `lost-answer`: the session's id is unknown."""
    id: str
    """The API's id; "" if unknown. Untrusted text: escape it in pages."""
    due: float
    """When the API must have reaped it, in seconds of the run."""


class LeakEnd(msgspec.Struct):
    """A leak that the API's list shows as reaped."""

    session: int
    profile: str
    way: str
    id: str
    earliest: float
    """The earliest time at which the API may reap it, in seconds of the run."""
    due: float
    ended: float
    """When the list first did not show it, in seconds of the run."""


class Occupancy:
    """Counts sessions by profile and holder, and tracks which leaks are due next. `now` is the run's clock, in seconds."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._by_profile: defaultdict[str, Counter[Holder]] = defaultdict(Counter)
        self._leaks = OutstandingLeaks()
        self._unlisted: set[int] = set()
        """Numbers of the sessions that the API's list lacks, and whose persons do not know that yet."""
        self.unconfirmed = 0
        """Sessions whose `new` was not answered and that may be open."""

    def count(self, session: Session) -> None:
        """Updates the counts after the holder of the session's slot may have changed. Takes constant time."""
        before = session.counted_as
        holder = _UNCONFIRMED if session.state is _LOST else session.holder
        if holder is _NONE:
            self._unlisted.discard(session.number)
        elif session.number in self._unlisted:
            holder = _NONE
        if before is holder:
            return
        session.counted_as = holder
        counts = self._by_profile[session.profile]
        if before is not _NONE:
            counts[before] -= 1
        if holder is not _NONE:
            counts[holder] += 1
        if holder in _WITHOUT_PERSON:
            self._leaks.begin(session, self._now())
        elif before in _WITHOUT_PERSON:
            self._leaks.end(session, self._now())
        self.unconfirmed += (holder is _UNCONFIRMED) - (before is _UNCONFIRMED)

    def count_unlisted(self, session: Session) -> None:
        """Counts `session`, which may be open for its person, as holding no slot, until its end or `count_listed`."""
        self._unlisted.add(session.number)
        self.count(session)

    def count_listed(self, session: Session) -> None:
        """Counts it as holding its slot again."""
        self._unlisted.discard(session.number)
        self.count(session)

    @property
    def unlisted(self) -> int:
        """The number of sessions that are counted as holding no slot because the list lacks them."""
        return len(self._unlisted)

    @property
    def leaks(self) -> int:
        """The number of outstanding leaks, without unconfirmed sessions."""
        return len(self._leaks) - self.unconfirmed

    def by_profile(self) -> dict[str, dict[str, int]]:
        """Returns the session counts by profile and holder, without zeros."""
        holders = {
            profile: {holder.value: number for holder, number in counts.items() if number}
            for profile, counts in self._by_profile.items()
        }
        return {profile: counts for profile, counts in holders.items() if counts}

    def due_next(self) -> list[Leak]:
        """Returns the outstanding leaks that are due next, at most `MOST_LEAKS`, overdue ones first."""
        return self._leaks.due_next()

    def ended_last(self) -> list[LeakEnd]:
        """Returns the leaks that ended last, at most `MOST_LEAKS`."""
        return list(self._leaks.ended)


class OutstandingLeaks:
    """A priority queue of outstanding leaks, by the time at which the API must reap them.

    Each keep-alive of a zombie postpones its due time, so the time in the heap is a lower bound. It is corrected when the entry
    reaches the top.
    """

    def __init__(self) -> None:
        self._open: dict[int, tuple[Session, float]] = {}
        """By session number, with the due time to use if the answer was lost: such a session has none of its own."""
        self._heap: list[tuple[float, int]] = []
        self.ended: deque[LeakEnd] = deque(maxlen=MOST_LEAKS)

    def __len__(self) -> int:
        return len(self._open)

    def begin(self, session: Session, now: float) -> None:
        """Adds `session`, which has leaked."""
        self._open[session.number] = session, now + session.idle_timeout
        heapq.heappush(self._heap, (self._due(session.number), session.number))

    def end(self, session: Session, now: float) -> None:
        """Removes `session`, which is closed or being closed."""
        del self._open[session.number]
        if session.state is State.CLOSING or not session.id:
            # Whether a session without an id existed, and was reaped, is not known.
            return
        earliest, due = session.due
        self.ended.append(LeakEnd(session.number, session.profile, session.way, session.id, earliest, due, now))

    def due_next(self) -> list[Leak]:
        """Returns the first of them, at most `MOST_LEAKS`."""
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
