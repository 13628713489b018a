"""Recognizes keep-alive timers that a browser throttles: a regular interval that jumps to a minute while the client lives.

Chromium wakes the timers of a page that has been hidden for five minutes once a minute (`loadtests.model.people.page` gives the
sources), so an interval shorter than that becomes a minute, again and again. One pause is no throttling: a device that slept or
a process that stood still looks like that.
"""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise

from loadtests.model.api.operation import Operation
from loadtests.model.people.page import MINUTE
from reports.log.log import EventLog

TOLERANCE = 2.0
"""Seconds by which a throttled gap may differ from a minute, for the network and a busy machine."""
LONGEST_INTERVAL = 50.0
"""Seconds. A longer interval becomes a minute by so little that nothing can be told."""
REGULAR_GAPS = 3
"""So many gaps in a row must agree before the jump."""
SPREAD = 0.2
"""Gaps agree that differ from their median by at most this share, or by `SPREAD_SECONDS`."""
SPREAD_SECONDS = 1.5
"""A page that is hidden for less than five minutes wakes on whole seconds."""
LEAST_MINUTES = 2
"""So many gaps of a minute in a row."""
MOST_BETWEEN = 2
"""Gaps of any length between the two: the throttling begins within one, and the first minute may end a little before a whole
minute of the device's clock, which wakes the page again."""

_KEPT_FOR_LONG = f"""
SELECT session FROM margins JOIN sessions USING (session) GROUP BY session
HAVING count(*) FILTER (idle_timeout - margin >= {MINUTE - TOLERANCE}) >= {LEAST_MINUTES}
    AND count(*) FILTER (idle_timeout - margin <= {LONGEST_INTERVAL * (1 + SPREAD)}) >= {REGULAR_GAPS}
"""
"""Sessions with such gaps since their last activity. The table `margins` has these, so that few keep-alives are looked at."""
# By when they were due, not sent: a load generator that stalls is not a client that is throttled.
_SUSPECTS = f"""
SELECT session FROM (
    SELECT session, (intended - lag(intended) OVER (PARTITION BY session ORDER BY intended)) / 1e9 AS gap FROM events
    WHERE session IN ({_KEPT_FOR_LONG}) AND kind = '{Operation.KEEP_ALIVE}' AND outcome <> 'withheld'
) GROUP BY session
HAVING count(*) FILTER (abs(gap - {MINUTE}) <= {TOLERANCE}) >= {LEAST_MINUTES}
    AND count(*) FILTER (gap <= {LONGEST_INTERVAL}) > {REGULAR_GAPS // 2}
"""
"""Those whose timer had a shorter interval: the median of `REGULAR_GAPS` gaps is at most `LONGEST_INTERVAL`."""
_CALLS = f"""
SELECT session, kind, intended / 1e9 AS due, (t + latency) / 1e9 AS answered, status > 0 AS is_answered FROM events
WHERE session IN ({_SUSPECTS}) AND kind IN {tuple(operation.value for operation in Operation)} AND outcome <> 'withheld'
"""
_SESSIONS_AT_ONCE = 1000


@dataclass(frozen=True)
class Beat:
    """A call of one session; times in seconds of the run."""

    kind: str
    due: float
    """When the client wanted to send it."""
    answered: float
    is_answered: bool


@dataclass(frozen=True)
class Throttling:
    """What became of one session's keep-alives."""

    session: int
    interval: float
    """The regular one, in seconds."""
    gaps: int
    """Gaps of a minute, in all."""
    low: float
    """When the first of them began, in seconds of the run."""
    high: float
    """When the last of them ended."""


def throttling(session: int, calls: Sequence[Beat]) -> Throttling | None:
    """Returns how the timer of a session with these calls, in the order of time, was throttled; None if it was not."""
    beats = [number for number, call in enumerate(calls) if call.kind == Operation.KEEP_ALIVE]
    gaps = [(calls[first], calls[second], second == first + 1) for first, second in pairwise(beats)]
    lengths = [after.due - before.due for before, after, _ in gaps]
    minutes: list[int] = []
    interval = 0.0
    for begin, end in _minutes([_is_minute(*gap) for gap in gaps]):
        found = end - begin >= LEAST_MINUTES and _interval_before(begin, lengths)
        # The answer came at once, so the client was not waiting for it when it let its interval pass.
        if found and all(gaps[n][0].answered - gaps[n][0].due < found / 2 for n in range(begin, end)):
            interval = interval or found
            minutes += range(begin, end)
    if not minutes:
        return None
    return Throttling(session, interval, len(minutes), gaps[minutes[0]][0].due, gaps[minutes[-1]][1].due)


def find_throttled(log: EventLog) -> Iterator[Throttling]:
    """Yields the throttled sessions of a run, by their numbers. The log has the tables `sessions` and `margins`."""
    log.create_table("throttle_suspects", _CALLS)
    numbers = [row["session"] for row in log.records("SELECT DISTINCT session FROM throttle_suspects ORDER BY session")]
    for begin in range(0, len(numbers), _SESSIONS_AT_ONCE):
        part = numbers[begin : begin + _SESSIONS_AT_ONCE]
        rows = log.records(
            "SELECT * FROM throttle_suspects WHERE session BETWEEN $low AND $high ORDER BY session, due",
            low=part[0],
            high=part[-1],
        )
        for session, own in groupby(rows, key=lambda row: int(row.pop("session"))):
            found = throttling(session, [Beat(**row) for row in own])
            if found is not None:
                yield found
    log.drop_table("throttle_suspects")


def _is_minute(before: Beat, after: Beat, is_bare: bool) -> bool:
    # A person who does something is at the page: it is not hidden.
    return is_bare and before.is_answered and abs(after.due - before.due - MINUTE) <= TOLERANCE


def _minutes(marks: Iterable[bool]) -> Iterator[tuple[int, int]]:
    """Yields the first and the next number of each series of marked gaps."""
    begin = 0
    for is_minute, own in groupby(marks):
        end = begin + len(list(own))
        if is_minute:
            yield begin, end
        begin = end


def _interval_before(gap: int, lengths: Sequence[float]) -> float:
    """Returns the regular interval before the gap of that number; 0 if there was none."""
    candidates = (_regular(lengths[: max(gap - skipped, 0)]) for skipped in range(MOST_BETWEEN + 1))
    return next(filter(None, candidates), 0.0)


def _regular(lengths: Sequence[float]) -> float:
    last = lengths[-REGULAR_GAPS:]
    if len(last) < REGULAR_GAPS:
        return 0.0
    middle = statistics.median(last)
    allowed = max(SPREAD * middle, SPREAD_SECONDS)
    return middle if middle <= LONGEST_INTERVAL and all(abs(length - middle) <= allowed for length in last) else 0.0
