"""The sessions whose `new` was not answered, until the API must have closed them."""

from __future__ import annotations

import heapq
from collections.abc import Iterator

from loadtests.model.session.session import Session

LOST_SECONDS = 2.0
"""So long after its due time, a session whose `new` was not answered no longer counts as open."""


class UnansweredSessions:
    """The numbers of the sessions whose `new` was not answered: each may be open until it is due, and a little longer."""

    def __init__(self) -> None:
        self._due: list[tuple[float, int]] = []

    def add(self, session: Session) -> None:
        """Adds a session, which is in the state LOST."""
        heapq.heappush(self._due, (session.due[1], session.number))

    def over(self, now: float) -> Iterator[int]:
        """Yields the numbers of the sessions that were due more than `LOST_SECONDS` before `now`, and forgets them."""
        while self._due and self._due[0][0] + LOST_SECONDS < now:
            yield heapq.heappop(self._due)[1]
