"""When to look at the list again: at an even pace, within a budget of requests, later after failures and when the API asks."""

from __future__ import annotations

from collections import deque

from loadtests.model.api.answer import Outcome
from loadtests.model.text.units import format_duration
from loadtests.model.text.wording import count
from loadtests.observing.list_snapshot import ListSnapshot

HOUR = 3600.0
_LONGEST_BACKOFF_SECONDS = 60.0
_ROUNDING_SECONDS = 1e-6
"""More than the rounding of a sum of times."""


class RequestBudget:
    """At most `per_hour` requests in any hour."""

    def __init__(self, per_hour: int) -> None:
        self.per_hour = per_hour
        self._sent: deque[float] = deque()

    def take(self, now: float) -> bool:
        """Counts one request at `now`, unless the budget is used up; returns whether it may be sent."""
        if self.left(now) < 1:
            return False
        self._sent.append(now)
        return True

    def left(self, now: float) -> int:
        """Requests that may be sent at `now`."""
        while self._sent and self._sent[0] <= now - HOUR:
            self._sent.popleft()
        return self.per_hour - len(self._sent)

    def wait(self, now: float, requests: int) -> float:
        """Seconds until `requests` may be sent, at most as many as the budget has."""
        missing = min(requests, self.per_hour) - self.left(now)
        return self._sent[missing - 1] + HOUR - now + _ROUNDING_SECONDS if missing > 0 else 0.0


class Pace:
    """The pace of the looks: every `every` seconds if the budget allows it."""

    def __init__(self, every: float, budget: RequestBudget) -> None:
        self._every = every
        self._budget = budget
        self._failures = 0
        self._pages = 1

    @property
    def interval(self) -> float:
        """Seconds between two looks: longer than asked for where the list has so many pages that the budget would not last."""
        return max(self._every, HOUR * self._pages / self._budget.per_hour)

    @property
    def cost(self) -> str:
        """The interval and what it costs, in words."""
        each = round(HOUR / self.interval * self._pages)
        slower = f" instead of {format_duration(self._every)}" if self.interval > self._every else ""
        pages = f"{count(self._pages, 'page')} each"
        return (
            f"a look every {format_duration(self.interval)}{slower} is {count(each, 'request')} an hour ({pages}),"
            f" of at most {self._budget.per_hour:,}"
        )

    def next_look(self, snapshot: ListSnapshot, now: float) -> float:
        """Returns when to look again, in seconds of the watch. `snapshot`: the last look, which has ended at `now`."""
        self._pages = max(1, snapshot.requests)
        if snapshot.outcome == Outcome.OK:
            self._failures = 0
            at = snapshot.intended + self.interval
            # A look that took longer than the interval is followed by one after the rest of the next interval.
            at += self.interval * max(0, -(-(now - at) // self.interval))
        else:
            self._failures += 1
            at = now + max(self.interval, min(self._every * 2 ** min(self._failures - 1, 10), _LONGEST_BACKOFF_SECONDS))
        at = max(at, now + snapshot.retry_after)
        return max(at, now + self._budget.wait(now, self._pages))
