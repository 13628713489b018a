"""What became of each session: one row each, and the fate by DESIGN's definitions.

All times are seconds of the run. An end is an interval (`end_low`, `end_high`]: the session was alive at the first, and
not any more at the second. It is `due` in an interval too, since an activity reached the API somewhere between its send and
its answer. Early and late are said only where the whole interval lies outside due ± tolerance.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import pandas as pd

from loadtests.model.session.behaviour import GIVEN_UP
from reports.log.build_facts import build_facts
from reports.log.log import EventLog

_LEAKED = ("leaked-reaped", "leaked-early", "leaked-late", "swept", "lingering")
# Fates of leaks only; a leak may also be capped, or unobserved.

LOST_ANSWER = "lost-answer"
"""How a ghost was left: its client never learnt its id."""

LOST_WORKER = "lost-worker"
"""How a session was left whose worker process was lost."""

ABANDONED = "abandon"
"""How a session was left that an audited client never closed."""

# In an audit nobody says when a person leaves: whoever neither closed a session nor came back to it left after its last use.
_AUDITED = f"""
SELECT * REPLACE (
    CASE WHEN own_stop IS NULL AND said_gone IS NULL THEN reached END AS left_at,
    CASE WHEN own_stop IS NULL AND said_gone IS NULL THEN '{ABANDONED}' END AS way
) FROM facts
"""

# Whoever was there when their worker was lost, is not any more: nobody cares for their sessions from then on. What the
# worker did after the last that came from it nobody knows: a session that went away since may have been closed by it.
_OF_LOST_WORKERS = f"""
WITH away AS (
    SELECT detail::SMALLINT AS worker, max(t) FILTER (kind = 'worker-lost') / 1e9 AS noticed FROM events
    WHERE kind IN ('worker-lost', 'worker-back') GROUP BY detail
    HAVING noticed > coalesce(max(t) FILTER (kind = 'worker-back') / 1e9, 0)
), lost AS (
    SELECT worker, any_value(noticed) AS noticed, max(t + coalesce(latency, 0)) / 1e9 AS last_act
    FROM events JOIN away USING (worker) GROUP BY worker
), orphaned AS (
    SELECT session, least(noticed, last_vanished) AS since FROM facts JOIN lost USING (worker)
    WHERE left_at IS NULL AND opened <= noticed
        AND coalesce(least(stop_answered, said_gone, last_vanished), 'inf') > last_act
)
SELECT facts.* REPLACE (
    coalesce(left_at, orphaned.since) AS left_at, CASE WHEN orphaned.since IS NULL THEN way ELSE '{LOST_WORKER}' END AS way
) FROM facts LEFT JOIN orphaned USING (session)
"""

_LOST = """
SELECT session, any_value(profile) AS profile, min(t) / 1e9 AS lost_low, max(t + latency) / 1e9 AS lost_high,
    any_value(value) AS idle_timeout
FROM events WHERE kind = 'new' AND outcome = 'unknown' GROUP BY session ORDER BY lost_high
"""

_STRANGERS = """
SELECT detail AS id, min(t) FILTER (kind = 'stranger') / 1e9 AS listed,
    any_value(value) FILTER (kind = 'stranger') AS created,
    min(t) FILTER (kind = 'stranger-gone') / 1e9 AS vanished,
    any_value(value) FILTER (kind = 'stranger-gone') AS last_listed
FROM events WHERE kind IN ('stranger', 'stranger-gone') GROUP BY detail HAVING listed IS NOT NULL ORDER BY listed
"""

# Each step uses the names of the one before it.
_FATES = f"""
WITH looks AS (
    -- A list that has it again annuls one that had it not.
    SELECT *, CASE WHEN last_seen > last_vanished THEN NULL ELSE last_vanished END AS vanished,
        CASE WHEN last_seen > last_vanished THEN $last_look
             WHEN last_vanished IS NOT NULL THEN last_listed
             WHEN listed IS NOT NULL THEN $last_look END AS seen_until
    FROM facts
), believed AS (
    -- So does a list that was asked for after an answer that said "gone", or after a stop that was acknowledged.
    SELECT *,
        CASE WHEN seen_until > said_gone THEN NULL ELSE said_gone END AS told_gone,
        stop_sent IS NOT NULL AND (vanished IS NULL OR vanished > stop_sent)
            AND NOT coalesce(vanished IS NULL AND seen_until > stop_answered + $tolerance, FALSE) AS stopped,
        ghost OR coalesce(seen_until > said_gone + $tolerance, FALSE) AS is_ghost
    FROM looks
), due AS (
    SELECT *,
        alive + idle_timeout AS due_low,
        greatest(reached, alive) + idle_timeout AS due_high,
        opening + cap AS cap_low,
        opened + cap AS cap_high
    FROM believed
), ends AS (
    SELECT *,
        CASE WHEN stopped THEN stop_sent ELSE greatest(alive, seen_until) END AS end_low,
        CASE WHEN stopped THEN stop_answered ELSE least(told_gone, vanished) END AS end_high
    FROM due
), unsure AS (
    -- A stop whose answer was lost explains an end that was not due yet.
    SELECT *, NOT stopped AND coalesce(unsure_stop < end_high AND end_high < due_low - $tolerance, FALSE) AS was_unsure
    FROM ends
), estimates AS (
    -- The likeliest moment within the interval: when it was due, or the moment in it that is nearest to that. A half
    -- request that may have counted (due_high) is less likely than that it did not. After a stop the slot is free,
    -- unless a list that was asked for later still has the session.
    SELECT *,
        CASE WHEN end_high IS NULL THEN NULL
             WHEN stopped AND seen_until > stop_answered THEN (seen_until + coalesce(vanished, seen_until)) / 2
             WHEN stopped THEN stop_answered
             WHEN was_unsure THEN least(greatest(unsure_stop, end_low), end_high)
             WHEN due_low < end_low AND due_high < end_high
                 THEN greatest(end_low, least(due_high, coalesce(cap_high, 'inf')))
             ELSE least(greatest(least(due_low, coalesce(cap_high, 'inf')), end_low), end_high)
        END AS ended,
        coalesce(end_high >= cap_low - $tolerance AND end_low <= cap_high + $tolerance, FALSE) AS may_be_capped,
        end_high < due_low - $tolerance AS is_early,
        end_low > due_high + $tolerance AS is_late,
        coalesce(seen_until > due_high + $tolerance, FALSE) AS overdue,
        CASE WHEN stopped THEN closing WHEN was_unsure THEN unsure_closing END AS ended_by
    FROM unsure
), people AS (
    SELECT *, (left_at IS NULL OR way = '{GIVEN_UP}' OR coalesce(left_at > ended, FALSE)) AS was_there FROM estimates
), fates AS (
    SELECT *,
        CASE
            WHEN ended_by = 0 THEN 'closed'
            -- By us or by the API: the person did not go on because of us.
            WHEN way = '{LOST_WORKER}' AND end_high IS NOT NULL THEN 'censored'
            WHEN ended_by IS NOT NULL AND left_at IS NULL THEN 'censored'
            WHEN ended_by = 1 THEN 'censored'
            -- Nobody looked, and it was due before our stop: a stop that is acknowledged twice proves nothing.
            WHEN ended_by = 2 AND listed IS NULL AND stop_sent > due_high + $tolerance THEN 'unobserved'
            WHEN ended_by = 2 THEN 'swept'
            WHEN end_high IS NULL THEN CASE WHEN overdue THEN 'lingering' ELSE 'unobserved' END
            WHEN may_be_capped AND (is_early OR cap_low <= due_low) THEN 'capped'
            WHEN was_there THEN CASE WHEN is_early THEN 'dropped' ELSE 'expired' END
            WHEN is_early THEN 'leaked-early'
            WHEN is_late THEN 'leaked-late'
            ELSE 'leaked-reaped'
        END AS fate
    FROM people
)
SELECT * EXCLUDE (ghost, is_ghost, last_seen, last_vanished, last_listed, unsure_closing), is_ghost AS ghost,
    -- Who sent a stop has not stopped caring, whatever became of it.
    own_stop IS NULL AND (fate IN {_LEAKED} OR (NOT was_there AND fate IN ('capped', 'unobserved'))) AS leak
FROM fates
"""


_BELIEVED = """
SELECT * FROM margins ANTI JOIN (SELECT session, told_gone FROM sessions WHERE told_gone IS NOT NULL) AS gone
ON margins.session = gone.session AND margins.t > gone.told_gone
"""

# A long run has a million sessions, and half of what is known of each is there for SQL alone.
_SHOWN = """
session, id, profile, fate, way, ghost, leak, overdue, opened, ended, end_low, end_high, left_at, reached, idle_timeout, cap,
due_low, due_high, turns, keep_alives
"""


def build_sessions(log: EventLog) -> pd.DataFrame:
    """One row for each opened session, ghosts among them, and what pages show; kept whole as the table `sessions` of `log`.

    Keeps `margins` and `gaps` too: what keep-alives left while the client could believe in its session, and what was left bare.
    """
    build_facts(log)
    if log.manifest.audit:
        log.create_table("facts", _AUDITED)
    log.create_table("facts", _OF_LOST_WORKERS)
    ghosts = _ghosts(log)
    if len(ghosts):
        log.insert_table("ghosts", ghosts)
        log.create_table("facts", "SELECT * FROM facts UNION ALL BY NAME SELECT * FROM ghosts")
    log.create_table("sessions", _FATES, tolerance=log.manifest.tolerance, last_look=_last_look(log))
    log.drop_table("facts")
    log.create_table("margins", _BELIEVED)
    return log.frame(f"SELECT {_SHOWN} FROM sessions ORDER BY session")


def unresolved(log: EventLog, sessions: pd.DataFrame) -> int:
    """Lost answers of `new` that nothing resolved: they may have opened a session."""
    return len(log.frame(_LOST)) - int(sessions["ghost"].sum())


def _last_look(log: EventLog) -> float:
    look = log.row("SELECT max(t) / 1e9 AS t FROM events WHERE kind = 'list' AND outcome = 'ok'")["t"]
    return float(look) if look is not None else float("-inf")


def _ghosts(log: EventLog) -> pd.DataFrame:
    """Strangers in the list that a lost answer explains, each by one.

    Such a stranger was first listed while the answer was awaited or a few looks later, and created in between, as far as
    the API tells. The answer that was given up first chooses first, and takes the one that was created the nearest to its
    send. Answers that were lost at the same time may be taken for each other: which had asked for which idle timeout is a
    guess then.
    """
    strangers = log.records(_STRANGERS)
    for stranger in strangers:
        told = stranger["created"]
        stranger["created"] = told - log.manifest.started_unix if told else stranger["listed"]
    # created_at is told in whole seconds.
    slack = log.manifest.tolerance + 1
    found = []
    for ask in log.records(_LOST):
        latest = ask["lost_high"] + slack + 3 * log.manifest.poll
        fitting = [stranger for stranger in strangers if _fits(stranger, ask["lost_low"], latest, slack)]
        if fitting:
            nearest = min(fitting, key=partial(_distance, ask))
            found.append(_ghost(ask, nearest))
            strangers.remove(nearest)
    return pd.DataFrame(found)


def _fits(stranger: dict[str, Any], earliest: float, latest: float, slack: float) -> bool:
    return bool(earliest - slack <= stranger["created"] <= latest and earliest <= stranger["listed"] <= latest)


def _distance(ask: dict[str, Any], stranger: dict[str, Any]) -> float:
    # A whole second is told of what was created half a second later, in the middle.
    return abs(float(stranger["created"]) + 0.5 - float(ask["lost_low"]))


def _ghost(ask: dict[str, Any], stranger: dict[str, Any]) -> dict[str, Any]:
    """The row of a ghost in the table `facts`."""
    # It may have been created after we gave up: when it was first listed, at the latest.
    low, high = ask["lost_low"], max(ask["lost_high"], stranger["listed"])
    return {
        **{name: ask[name] for name in ("session", "profile", "idle_timeout")},
        **{name: stranger[name] for name in ("id", "listed", "last_listed")},
        "last_seen": stranger["listed"],
        "last_vanished": stranger["vanished"],
        **dict.fromkeys(("asked", "opening", "alive"), low),
        **dict.fromkeys(("opened", "reached", "left_at"), high),
        "way": LOST_ANSWER,
        "turns": 0,
        "keep_alives": 0,
        "attempts": 1,
        "ghost": True,
    }
