"""What the clients of a recorded API did, session by session. The proxy sees requests and answers, not when the API closes a
session: a session that was neither stopped nor found closed is presumed to have ended when its idle timeout or its cap ran out.
"""

from __future__ import annotations

from dataclasses import replace
from math import inf

from loadtests.model.api.answer import GONE, Reason
from loadtests.model.api.operation import Operation
from reports.analysis.client import Client, ClientCall, Life, tell_apart
from reports.log.log import EventLog

MOST_ROWS = 300_000
"""Of sessions that are looked at one by one: the latest."""
_MOST_STRAY = 10_000

_CALLS = f"""
WITH sizes AS (SELECT session, count(*) AS n, max(t) AS last FROM events WHERE session > 0 GROUP BY session),
latest AS (SELECT session, sum(n) OVER (ORDER BY last DESC, session) AS total FROM sizes),
stray AS (
    SELECT * FROM events WHERE session = 0 AND outcome = 'fail' AND list_contains($using, kind)
    ORDER BY t DESC LIMIT {_MOST_STRAY}
)
SELECT session, kind, t / 1e9 AS t, (t + latency) / 1e9 AS answered, status, outcome, reason, value,
    coalesce(detail, '') AS detail
FROM (SELECT * FROM events WHERE session IN (SELECT session FROM latest WHERE total <= {MOST_ROWS}) UNION ALL SELECT * FROM stray)
ORDER BY t, session
"""

_TOTALS = f"""
SELECT max(t + latency) / 1e9 AS ended, count(*) FILTER (kind IN {tuple(each.value for each in Operation)}) AS calls FROM events
"""


def read_recorded_client(log: EventLog) -> Client:
    """The clients, out of the events; of a long recording those of the latest sessions."""
    totals, api = log.row(_TOTALS), log.manifest.description
    rows = log.records(_CALLS, using=[*sorted(api.activity), Operation.STOP.value])
    client = tell_apart((ClientCall(**row, is_activity=row["kind"] in api.activity) for row in rows), api)
    ended = float(totals["ended"] or 0.0)
    caps = {
        row["session"]: float(row["value"])
        for row in log.records("SELECT session, value FROM events WHERE kind = 'cap'")
    }
    lives = tuple(_presumed(life, caps.get(life.number, inf), ended) for life in client.lives)
    # A session that is said to be closed may have been opened before the recording, or elsewhere.
    stray = tuple(call for call in client.stray if call.reason != Reason.CLOSED)
    return replace(client, lives=lives, stray=stray, calls=int(totals["calls"] or 0), ended=ended)


def _presumed(life: Life, cap: float, now: float) -> Life:
    """The session with its end, if it has one that no stop made."""
    if life.stopped is not None:
        return life
    used = max((call.t for call in life.calls if call.ok and call.is_activity), default=life.new.t)
    due = min(used + life.idle_timeout, life.new.answered + cap)
    told = next((call.t for call in life.calls if call.reason in GONE), inf)
    end = min(due, told)
    return replace(life, reaped=end, is_presumed=True) if end < now else life
