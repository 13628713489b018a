"""The slots of an account whose sessions end at times that are known when they are opened.

A replay asks for half a million slots. The sandbox's rules give the same answers (a test compares the two), but also keep ids,
timers and events of each session, which took half of the time of a plan.
"""

from __future__ import annotations

import heapq


class HeldSlots:
    """The ends of the sessions that hold a slot."""

    def __init__(self, limit: int) -> None:
        """`limit`: the number of slots."""
        self._limit = limit
        self._ends: list[float] = []

    def take(self, t: float, seconds: float) -> bool:
        """Hold a slot from `t` on for so many seconds, if one is free. Calls must be in the order of time."""
        ends = self._ends
        while ends and ends[0] <= t:
            heapq.heappop(ends)
        if len(ends) >= self._limit:
            return False
        heapq.heappush(ends, t + seconds)
        return True
