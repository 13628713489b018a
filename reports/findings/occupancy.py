"""How many slots may have been held when the API said that the account is full, and how many certainly were.

A session may hold a slot from the moment `new` was sent to the last at which it can still have been open; it certainly does
from the answer to the last moment at which it was seen alive. A refusal lies between its send and its answer. What was
opened by an answer that was lost, and what the list shows of others, may hold slots too.
"""

from __future__ import annotations

from dataclasses import dataclass

from reports.analysis.sessions import LAG_SECONDS
from reports.log.log import EventLog

MAY_HOLD_UNTIL = "CASE WHEN stopped AND seen_until > stop_answered THEN vanished ELSE end_high END"
"""The last moment at which a session can have held its slot, in SQL of the table `sessions`; null: it still may."""


def counted(moments: str) -> str:
    """Returns a query for `t` and `n`, the number of moments up to `t`, of a query for moments `t`."""
    return f"SELECT t, max(n) AS n FROM (SELECT t, row_number() OVER (ORDER BY t) AS n FROM ({moments})) GROUP BY t"


_MAY_HOLD = f"""
SELECT opening AS low, {MAY_HOLD_UNTIL} AS high, stopped FROM sessions
UNION ALL
SELECT min(t) / 1e9, max(t + latency) / 1e9 + any_value(value) + $tolerance, FALSE FROM events
WHERE kind = 'new' AND outcome = 'unknown' AND session NOT IN (SELECT session FROM sessions WHERE ghost) GROUP BY session
UNION ALL
SELECT low - 2 * $poll - 1, high, FALSE FROM strangers
"""

# Sums of what began and what ended up to a moment, each in the order of time.
_REFUSALS = f"""
WITH refused AS (
    SELECT session, t AS sent, answered FROM hits
), begun AS ({counted("SELECT low AS t FROM may_hold")}),
ended AS ({counted("SELECT high AS t FROM may_hold WHERE high IS NOT NULL")}),
freed AS ({counted("SELECT high + CASE WHEN stopped THEN $lag ELSE 0 END AS t FROM may_hold WHERE high IS NOT NULL")})
SELECT refused.session, refused.sent, refused.answered, (coalesce(begun.n, 0) - coalesce(ended.n, 0))::INTEGER AS at_most,
    (coalesce(begun.n, 0) - coalesce(freed.n, 0))::INTEGER AS with_lag
FROM refused
ASOF LEFT JOIN begun ON begun.t <= refused.answered
ASOF LEFT JOIN ended ON ended.t < refused.sent
ASOF LEFT JOIN freed ON freed.t < refused.sent
"""

_PEAK = """
SELECT max(held) AS peak FROM (
    SELECT sum(sum(change)) OVER (ORDER BY t) AS held FROM (
        SELECT opened AS t, 1 AS change FROM sessions WHERE end_low > opened
        UNION ALL SELECT end_low, -1 FROM sessions WHERE end_low > opened
    ) GROUP BY t
)
"""


@dataclass(frozen=True)
class Occupancy:
    """The table `refusals` of the log has session, sent, answered, at_most and with_lag, for each concurrency hit."""

    log: EventLog
    peak: int
    """Slots that our sessions certainly held at once, at the most."""
    hits: int


def build_occupancy(log: EventLog) -> Occupancy:
    """The bounds, out of the tables `sessions` and `strangers`; keeps `refusals`."""
    manifest = log.manifest
    log.create_table("may_hold", _MAY_HOLD, tolerance=manifest.tolerance, poll=manifest.poll)
    log.create_table("refusals", _REFUSALS, lag=LAG_SECONDS)
    hits = log.row("SELECT count(*) AS n FROM refusals")["n"]
    return Occupancy(log, int(log.row(_PEAK)["peak"] or 0), int(hits or 0))
