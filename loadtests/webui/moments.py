"""The moments of a run that a reader looks for: stages, the first refusal, the first leak, a failed gate. Pure."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from loadtests.model.text.units import format_duration
from loadtests.webui.frame import Frame

MOST_MOMENTS = 100
"""A scenario may have more stages; then the first moments are kept."""


class Moment(msgspec.Struct):
    """Something that happened at one time of the run."""

    kind: str
    """`stage`, `full`, `refusal`, `leak`, `overdue`, `gate`, `stall` or `drain`."""
    t: float
    """Seconds of the run."""
    said: str


class Moments:
    """Finds them second by second; each but stages and gates once.

    `limit`: of the account. In seconds: `tolerance` is the longest delay of the load generator that the verdict allows, `slack`
    how long after its due time a leak counts as overdue.
    """

    def __init__(self, limit: int | None, tolerance: float, slack: float) -> None:
        self.found: list[Moment] = []
        """In the order in which they were found."""
        self._limit = limit
        self._tolerance = tolerance
        self._slack = slack
        self._known: set[str] = set()

    def add(self, frame: Frame) -> None:
        """Includes one second."""
        if frame.stage:
            self.once(f"stage {frame.stage}", Moment("stage", frame.t, f"Stage: {frame.stage}"))
        for moment in self._firsts(frame):
            self.once(moment.kind, moment)

    def once(self, key: str, moment: Moment) -> None:
        """Adds `moment`, unless there is one of that `key` already."""
        if key not in self._known and len(self.found) < MOST_MOMENTS:
            self._known.add(key)
            self.found.append(moment)

    def _firsts(self, frame: Frame) -> Iterator[Moment]:
        t = frame.t
        if frame.leaks:
            yield Moment("leak", t, "First leak")
        if self._limit and frame.held + frame.others >= self._limit:
            yield Moment("full", t, "Account full for the first time")
        if frame.hits:
            yield Moment("refusal", t, "First refusal")
        if any(leak.due + self._slack < t for leak in frame.due):
            yield Moment("overdue", t, "First leak overdue")
        if frame.delay > self._tolerance:
            yield Moment("stall", t, f"Load generator stalled for {format_duration(frame.delay)}")
