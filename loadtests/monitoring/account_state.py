"""What the list shows of an account: how many sessions are open, how old they are, and how many were opened and closed.

A list is a witness that can be wrong: it may lack sessions that are open, or show some late. A session that is missing counts
as closed when a second list confirms it, and its end is taken back if it is listed again. A session that is opened and
closed between two lists is never seen: the rates are lower bounds.
"""

from __future__ import annotations

import heapq
import statistics
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from loadtests.model.api.answer import Outcome
from loadtests.model.run.watch_terms import WatchTerms
from loadtests.observing.list_snapshot import ListSnapshot

_RATE_SECONDS = 60.0
"""Rates are those of this time, or of three looks if that is longer."""
_CLOCK_SLACK_SECONDS = 5.0
"""created_at is in whole seconds, by the API's clock."""
_REMEMBERED = 100_000
"""Ids of closed sessions that are kept, to notice when one is listed again."""


@dataclass(slots=True)
class ListedSession:
    """One open session. Times are in seconds of the watch."""

    id: str
    created: float
    """By the API, in Unix seconds; 0: missing. By the API's clock, so that it may lie in the future."""
    first_seen: float
    last_seen: float
    """When the last list that had it was requested."""
    idle_timeout: float | None
    missing_since: float | None = None
    """When a list lacked it first; None: the last list had it."""


@dataclass(frozen=True, slots=True)
class Ended:
    """A session whose end two lists confirm: it ended between `last_seen` and `missing_since`."""

    id: str
    last_seen: float
    missing_since: float


@dataclass(frozen=True, slots=True)
class Changes:
    """What one list shows that the lists before did not."""

    appeared: list[ListedSession] = field(default_factory=list)
    ended: list[Ended] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class AccountFigures:
    """The account at one moment. Durations are in seconds; None: unknown."""

    at: float
    """In seconds of the watch."""
    open: int | None
    """Sessions in the last list that could be read; ages are theirs. None: there was none yet."""
    missing: int
    """Sessions that only the last list lacks: not counted as closed yet."""
    limit: int | None
    oldest: float | None
    median_age: float | None
    longer_than_idle: int | None
    """Sessions open for longer than their idle timeout. They may be in use: a list does not show activity."""
    longer_than_cap: int | None
    """Sessions open for longer than the duration cap: the API should have closed them."""
    opened: int
    """Since the first list."""
    closed: int
    opened_per_minute: float | None
    closed_per_minute: float | None
    returned: int
    """Sessions that were listed again after two lists without them: the list is inconsistent."""
    looks: int
    failed_looks: int
    requests: int
    unread_for: float
    """Since the last list that could be read, or since the beginning."""

    @property
    def overdue(self) -> int | None:
        """Sessions that outlived what is expected; None: nothing is."""
        found = [number for number in (self.longer_than_idle, self.longer_than_cap) if number is not None]
        return max(found, default=None)


class AccountState:
    """The account as the lists show it. `started_unix`: the wall clock at 0 of the watch's clock."""

    def __init__(self, terms: WatchTerms, limit: int | None, started_unix: float) -> None:
        self._terms = terms
        self._limit = limit
        self._started_unix = started_unix
        self._open: dict[str, ListedSession] = {}
        self._gone: dict[str, None] = {}
        self._first: float | None = None
        """When the first list was requested."""
        self._last = 0.0
        """When the last list was requested."""
        self._opened_at: deque[float] = deque()
        self._closed_at: deque[float] = deque()
        self._opened = self._closed = self._returned = 0
        self._looks = self._failed = self._requests = 0
        self._lists_idle_timeouts = False

    @property
    def has_been_read(self) -> bool:
        """Whether a list could be read."""
        return self._first is not None

    def update(self, snapshot: ListSnapshot) -> Changes:
        """Takes one look in, and returns what it changes."""
        self._looks += 1
        self._requests += snapshot.requests
        if snapshot.outcome != Outcome.OK:
            self._failed += 1
            return Changes()
        changes = Changes()
        appeared = {session_id for session_id, _ in snapshot.appeared}
        changes.ended.extend(self._confirmed(appeared))
        for session_id in snapshot.vanished:
            if session := self._open.get(session_id):
                session.last_seen, session.missing_since = snapshot.since, snapshot.answered
        changes.appeared.extend(self._new(snapshot))
        self._first = snapshot.sent if self._first is None else self._first
        self._last = snapshot.sent
        return changes

    def figures(self, now: float) -> AccountFigures:
        """Returns the figures at `now`."""
        listed = [session for session in self._open.values() if session.missing_since is None]
        ages = [self.age(session, now) for session in listed]
        window = max(_RATE_SECONDS, 3 * self._terms.every)
        for times in (self._opened_at, self._closed_at):
            while times and times[0] < now - window:
                times.popleft()
        covered = min(window, now - self._first) if self._first is not None else 0.0
        return AccountFigures(
            at=now,
            open=len(ages) if self.has_been_read else None,
            missing=len(self._open) - len(listed),
            limit=self._limit,
            oldest=max(ages, default=None),
            median_age=statistics.median(ages) if ages else None,
            longer_than_idle=self._longer_than_idle(listed, now),
            longer_than_cap=self._longer_than(self._terms.cap, ages),
            opened=self._opened,
            closed=self._closed,
            opened_per_minute=_per_minute(self._opened_at, covered),
            closed_per_minute=_per_minute(self._closed_at, covered),
            returned=self._returned,
            looks=self._looks,
            failed_looks=self._failed,
            requests=self._requests,
            unread_for=now - self._last,
        )

    def oldest(self, now: float, most: int) -> list[tuple[ListedSession, float]]:
        """Returns the oldest sessions that are not known to be closed with their ages, the oldest first."""
        aged = ((session, self.age(session, now)) for session in self._open.values())
        return heapq.nlargest(most, aged, key=lambda pair: pair[1])

    def age(self, session: ListedSession, now: float) -> float:
        """For how long a session has been open, at least: by its created_at, or since a list had it first."""
        by_api = self._started_unix + now - session.created if session.created else 0.0
        return max(by_api, now - session.first_seen)

    def is_overdue(self, session: ListedSession, age: float) -> bool:
        """Whether a session is open for longer than its idle timeout, or than the duration cap."""
        expected = [limit for limit in (self._idle_of(session), self._terms.cap) if limit is not None]
        return bool(expected) and age > min(expected)

    def _idle_of(self, session: ListedSession) -> float | None:
        return session.idle_timeout if session.idle_timeout is not None else self._terms.idle

    def _longer_than_idle(self, listed: Iterable[ListedSession], now: float) -> int | None:
        if self._terms.idle is None and not self._lists_idle_timeouts:
            return None
        idle = ((session, self._idle_of(session)) for session in listed)
        return sum(timeout is not None and self.age(session, now) > timeout for session, timeout in idle)

    @staticmethod
    def _longer_than(expected: float | None, ages: Iterable[float]) -> int | None:
        return None if expected is None else sum(age > expected for age in ages)

    def _confirmed(self, appeared: set[str]) -> Iterator[Ended]:
        """Yields the sessions that a second list lacks, too, and forgets them."""
        for session in [one for one in self._open.values() if one.missing_since is not None]:
            if session.id in appeared:
                continue
            assert session.missing_since is not None
            del self._open[session.id]
            self._remember(session.id)
            self._closed += 1
            self._closed_at.append(session.missing_since)
            yield Ended(session.id, session.last_seen, session.missing_since)

    def _new(self, snapshot: ListSnapshot) -> Iterator[ListedSession]:
        self._lists_idle_timeouts = self._lists_idle_timeouts or bool(snapshot.idle_timeouts)
        for session_id, created in snapshot.appeared:
            if session := self._open.get(session_id):
                session.missing_since = None
                continue
            idle = snapshot.idle_timeouts.get(session_id)
            session = ListedSession(session_id, created, snapshot.sent, snapshot.sent, idle)
            self._open[session_id] = session
            self._count(session)
            yield session

    def _count(self, session: ListedSession) -> None:
        if session.id in self._gone:
            del self._gone[session.id]
            self._returned += 1
            self._closed -= 1
            return
        if self._first is None:
            return
        # A session that the list shows late was open before the first list.
        before = self._started_unix + self._first - _CLOCK_SLACK_SECONDS
        if not session.created or session.created >= before:
            self._opened += 1
            self._opened_at.append(session.first_seen)

    def _remember(self, session_id: str) -> None:
        self._gone[session_id] = None
        if len(self._gone) > _REMEMBERED:
            del self._gone[next(iter(self._gone))]


def _per_minute(times: deque[float], covered: float) -> float | None:
    """The rate over `covered` seconds; None: too short a time for a rate."""
    return 60 * len(times) / covered if covered >= _RATE_SECONDS / 2 else None
