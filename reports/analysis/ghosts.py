"""Matches foreign sessions in the API's list with lost answers of `new`: sessions that the client opened without knowing."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from typing import Any

import pandas as pd

from reports.analysis.api_clock import clock_offset
from reports.log.log import EventLog

LOST_ANSWER = "lost-answer"
"""Way of leaving of a session whose `new` was not answered: the client never got its id."""


_LOST = """
SELECT session, any_value(profile) AS profile, min(t) / 1e9 AS lost_low, max(t + latency) / 1e9 AS lost_high,
    any_value(value) AS idle_timeout
FROM events WHERE kind = 'new' AND outcome = 'unknown' GROUP BY session ORDER BY lost_high
"""

# The id of another session was answered: the list shows the one that was opened under an id that nobody was told.
_MISNAMED = """
SELECT t / 1e9 AS lost_low, (t + latency) / 1e9 AS lost_high FROM events WHERE kind = 'new' AND outcome = 'ok'
QUALIFY row_number() OVER (PARTITION BY detail ORDER BY t) > 1 ORDER BY lost_high
"""

# A list may lack one and show it again.
_STRANGERS = """
SELECT detail AS id, min(t) FILTER (kind = 'stranger') / 1e9 AS listed, max(t) FILTER (kind = 'stranger') / 1e9 AS last_seen,
    any_value(value) FILTER (kind = 'stranger') AS created,
    max(t) FILTER (kind = 'stranger-gone') / 1e9 AS vanished,
    arg_max(value, t) FILTER (kind = 'stranger-gone') AS last_listed
FROM events WHERE kind IN ('stranger', 'stranger-gone') GROUP BY detail HAVING listed IS NOT NULL ORDER BY listed
"""

_LOOKS = "SELECT (t + latency) / 1e9 AS t FROM events WHERE kind = 'list' AND outcome = 'ok' ORDER BY t"
_POLLS = 3
"""A session that a lost answer opened is listed at the latest by so many polls."""


def find_ghosts(log: EventLog) -> pd.DataFrame:
    """Returns the sessions opened by lost answers, one to one, as rows of the table `facts`.

    Such a session was first listed while the answer was awaited or a few polls later, and created in between according to
    `created_at`, corrected by the offset of the API's clock. The request that timed out first is matched first, with the session
    created nearest to its send. Where a session fits several requests, it may have the idle timeout of any of them, and its fate
    is judged by the shortest and the longest. Also creates the table `misnamed`: the ids of those that are our own, but
    were answered with another one's id.
    """
    strangers = _Strangers(log)
    requests = log.records(_MISNAMED) if strangers.number else []
    misnamed = [nearest["id"] for request in requests if (nearest := strangers.take_nearest(request))]
    log.insert_table("misnamed", pd.DataFrame({"id": pd.Series(misnamed, dtype=str)}))
    if not strangers.number:
        return pd.DataFrame()
    # In the order of their times, so that only those near in time are compared: there may be many thousands.
    lost = log.records(_LOST)
    answered = [request["lost_high"] for request in lost]
    listed_by = list(map(strangers.listed_by, answered))
    longest = max((request["lost_high"] - request["lost_low"] for request in lost), default=0.0)
    found = []
    for request in lost:
        nearest = strangers.take_nearest(request)
        if nearest is None:
            continue
        others = slice(
            bisect_left(listed_by, nearest["listed"]),
            bisect_right(answered, nearest["listed"] + longest),
        )
        timeouts = [other["idle_timeout"] for other in lost[others] if strangers.fit(other, nearest)]
        found.append({**_ghost(request, nearest), "idle_timeout": min(timeouts), "idle_most": max(timeouts)})
    return pd.DataFrame(found)


def unresolved(log: EventLog, sessions: pd.DataFrame) -> int:
    """Returns how many `new` with an unknown outcome were not resolved; each may have opened a session."""
    return len(log.frame(_LOST)) - int((sessions["way"] == LOST_ANSWER).sum())


class _Strangers:
    """The foreign sessions of the list, each of which one request may have opened."""

    def __init__(self, log: EventLog) -> None:
        self._rows = log.records(_STRANGERS)
        offset = clock_offset(log) if self._rows else 0.0
        for row in self._rows:
            row["created"] = row["created"] - log.manifest.started_unix - offset if row["created"] else row["listed"]
        self._listed = [row["listed"] for row in self._rows]
        self._taken: set[int] = set()
        # created_at has a resolution of one second.
        self._slack = log.manifest.tolerance + 1
        self._poll = log.manifest.poll
        self._looks: list[float] = log.column(_LOOKS).tolist()

    @property
    def number(self) -> int:
        """How many there are."""
        return len(self._rows)

    def listed_by(self, given_up: float) -> float:
        """Until when a session of a request that was given up then may appear first: for a few polls that succeed."""
        first = bisect_right(self._looks, given_up)
        return max([given_up + _POLLS * self._poll, *self._looks[first : first + _POLLS]]) + self._slack

    def take_nearest(self, request: dict[str, Any]) -> dict[str, Any] | None:
        """Returns the one that `request` has most likely opened, which no other can have opened then; None: it fits none."""
        near = range(
            bisect_left(self._listed, request["lost_low"]),
            bisect_right(self._listed, self.listed_by(request["lost_high"])),
        )
        fitting = [place for place in near if place not in self._taken and self.fit(request, self._rows[place])]
        if not fitting:
            return None
        place = min(fitting, key=lambda place: _distance(request, self._rows[place]))
        self._taken.add(place)
        return self._rows[place]

    def fit(self, request: dict[str, Any], stranger: dict[str, Any]) -> bool:
        """Whether `request` may have opened `stranger`."""
        low, high = request["lost_low"], self.listed_by(request["lost_high"])
        return bool(low - self._slack <= stranger["created"] <= high and low <= stranger["listed"] <= high)


def _distance(request: dict[str, Any], stranger: dict[str, Any]) -> float:
    # created_at is rounded down: on average the session was created half a second later.
    return abs(float(stranger["created"]) + 0.5 - float(request["lost_low"]))


def _ghost(request: dict[str, Any], stranger: dict[str, Any]) -> dict[str, Any]:
    """Returns the row of a ghost in the table `facts`."""
    # It may have been created after the timeout, but not after it was first listed.
    low, high = request["lost_low"], max(request["lost_high"], stranger["listed"])
    return {
        **{name: request[name] for name in ("session", "profile")},
        **{name: stranger[name] for name in ("id", "listed", "last_seen", "last_listed")},
        "last_vanished": stranger["vanished"],
        **dict.fromkeys(("asked", "opening", "alive"), low),
        **dict.fromkeys(("opened", "reached", "left_at"), high),
        "way": LOST_ANSWER,
        "turns": 0,
        "keep_alives": 0,
        "attempts": 1,
        "ghost": True,
        "client_lost": False,
    }
