"""The timers of the page that a browser client runs in: when they fire while the page is hidden or the device sleeps.

The figures are Chromium's (chromestatus.com, feature 4718288976216064, "Intensive throttling of Javascript timer wake ups";
developer.chrome.com, "Heavy throttling of chained JS timers beginning in Chrome 88"): the timers of a hidden page fire on whole
seconds. After five minutes a timer that repeats itself fires on a whole second if the last wake-up was at least a minute ago,
and otherwise on a whole minute. (One that has repeated itself only a few times stays at whole seconds; that is
not modelled.) Exempt are pages that play audio, or hold a WebRTC connection or a WebSocket.
"""

from __future__ import annotations

import math
from enum import StrEnum

SECOND = 1.0
"""Seconds between the wake-ups of a hidden page."""
MINUTE = 60.0
"""Seconds between the wake-ups of a page that has been hidden for long (Chromium: one a minute)."""
GRACE = 300.0
"""Seconds for which a page is hidden before its timers wake once a minute (Chromium since version 88)."""


class PageState(StrEnum):
    """What has become of a person's page, as rows about quiet periods name it."""

    VISIBLE = ""
    HIDDEN = "hidden"
    """Another tab is in front, or the window is minimized."""
    ASLEEP = "asleep"
    """The device sleeps: no timer fires before it wakes."""


class Page:
    """One person's page. `phase`: seconds of the run at which a whole minute of the device's clock begins."""

    __slots__ = ("_grace", "_phase", "_since", "_state", "_until", "_woke")

    def __init__(self, phase: float, grace: float = GRACE) -> None:
        self._phase = phase
        self._grace = grace
        self._state = PageState.VISIBLE
        self._since = self._until = 0.0
        self._woke = -math.inf

    def turn(self, state: PageState, since: float, until: float) -> None:
        """Records that the page is in `state` from `since` to `until`, in seconds of the run, and visible afterwards."""
        self._state, self._since, self._until = state, since, until

    def wake(self, due: float) -> float:
        """Returns when a timer that is due at `due` fires, in seconds of the run, and counts that as a wake-up."""
        if self._state is PageState.VISIBLE or not self._since <= due < self._until:
            return due
        if self._state is PageState.ASLEEP:
            return self._until
        # Timers that are overdue when the page becomes visible fire at once.
        return min(self._aligned(due), self._until)

    def _aligned(self, due: float) -> float:
        at = self._next(due, SECOND)
        if at >= self._since + self._grace:
            at = min(self._next(max(due, self._woke + MINUTE), SECOND), self._next(due, MINUTE))
        self._woke = at
        return at

    def _next(self, at: float, step: float) -> float:
        # Less a nanosecond, so that a time that is whole but for rounding stays.
        return self._phase + step * math.ceil((at - self._phase) / step - 1e-9)


def longest_gap(interval: float) -> float:
    """Returns the longest time between two keep-alives that a page sends each `interval` seconds, however long it is hidden."""
    return max(MINUTE, interval + SECOND)
