"""Attempts to open a session, and the persons whom the account's limit turned away: the one definition of each, in SQL.

attempts        each `new` that was sent
session, worker, profile
t, answered     seconds of the run
number          1 for the first attempt of its person
outcome, reason, status, code, message, idle_timeout
is_hit          refused because the account's limit was reached: a concurrency hit
persons_lost    each person who gave up after such a refusal
session, t, attempts
"""

from __future__ import annotations

from loadtests.model.api.answer import Outcome, Reason
from loadtests.model.api.operation import Operation
from loadtests.model.session.steps import NoteKind

VIEWS = (
    f"""
CREATE VIEW attempts AS
SELECT session, worker, profile, t / 1e9 AS t, (t + latency) / 1e9 AS answered,
    row_number() OVER (PARTITION BY session ORDER BY events.t) AS number,
    outcome, reason, status, code, CASE WHEN outcome <> '{Outcome.OK}' THEN detail END AS message, value AS idle_timeout,
    outcome = '{Outcome.FAIL}' AND reason = '{Reason.CONCURRENCY}' AS is_hit
FROM events WHERE kind = '{Operation.NEW}' AND outcome <> '{Outcome.WITHHELD}'
""",
    f"""
CREATE VIEW persons_lost AS
SELECT session, t / 1e9 AS t, value AS attempts FROM events
WHERE kind = '{NoteKind.GIVE_UP}' AND detail = '{Reason.CONCURRENCY}'
""",
)
