"""Counts, for each call, how many were sent and how many the API processed: carried out, or refused for a documented reason."""

from __future__ import annotations

from loadtests.model.api.answer import Outcome, Reason
from reports.log.log import EventLog

_PROCESSED = (Reason.CONCURRENCY, Reason.SESSION_FULL, Reason.QUOTA, Reason.CLOSED, Reason.MISSING)
"""Refusals that are part of the API's rules."""

_CALLS = f"""
SELECT kind, count(*) AS sent, count(*) FILTER (outcome = '{Outcome.OK}') AS ok,
    count(*) FILTER (outcome = '{Outcome.FAIL}' AND reason IN {tuple(reason.value for reason in _PROCESSED)}) AS refused,
    count(*) FILTER (outcome = '{Outcome.UNKNOWN}') AS unanswered
FROM events WHERE outcome IN ('{Outcome.OK}', '{Outcome.FAIL}', '{Outcome.UNKNOWN}') GROUP BY kind ORDER BY kind
"""


def build_effects(log: EventLog) -> dict[str, dict[str, int]]:
    """Returns, by call, the numbers sent, ok, refused by the API's rules, and unanswered; the rest failed otherwise."""
    return {
        str(row["kind"]): {name: int(row[name]) for name in ("sent", "ok", "refused", "unanswered")}
        for row in log.records(_CALLS)
    }
