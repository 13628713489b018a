"""Builds the table `sessions`: one row per session, with its end, its due time and its fate (docs/definitions.md).

All times are seconds of the run. An end is an interval (`end_low`, `end_high`]: the session was alive at the first moment and no
longer at the second. The due time is an interval too, because an activity reached the API between its send and its answer. A
session is early or late only if the whole interval lies outside due ± tolerance.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from functools import partial
from typing import Any

import pandas as pd

from loadtests.model.session.behaviour import GIVEN_UP
from reports.analysis.api_clock import clock_offset
from reports.analysis.list_lag import build_list_lag, listed_after_stop, longest_omission
from reports.analysis.workers import any_was_absent
from reports.log.build_facts import build_facts
from reports.log.log import EventLog

_LEAKED = ("leaked-reaped", "leaked-early", "leaked-late", "swept", "lingering")
# Fates that only leaks have; a leak may also be capped or unobserved.

LOST_ANSWER = "lost-answer"
"""Way of leaving of a session whose `new` was not answered: the client never got its id."""

LOST_WORKER = "lost-worker"
"""Way of leaving of a session whose worker process was lost."""

LAG_SECONDS = 5.0
"""A slot that a stop freed may still be held, and listed, for this long: 0.3 to 3 s are reported."""

ABANDONED = "abandon"
"""Way of leaving of a session that an audited client never closed."""

# An audit has no `leave` notes: a client that neither closed a session nor used it again left after its last use.
_AUDITED = f"""
SELECT * REPLACE (
    CASE WHEN own_stop IS NULL AND said_gone IS NULL THEN reached END AS left_at,
    CASE WHEN own_stop IS NULL AND said_gone IS NULL THEN '{ABANDONED}' END AS way
) FROM facts
"""

# A recording has neither, and nobody sees an end that no call tells of: it is presumed when the session was due. Until then its
# client may come back.
_RECORDED = f"""
WITH timed AS (
    SELECT *, least(alive + idle_timeout, coalesce(opened + cap, 'inf')) AS due FROM facts
), judged AS (
    SELECT *, due < $log_end AND stop_sent IS NULL AND said_gone IS NULL AS is_presumed FROM timed
)
SELECT * EXCLUDE (due, is_presumed) REPLACE (
    CASE WHEN is_presumed AND own_stop IS NULL THEN reached END AS left_at,
    CASE WHEN is_presumed AND own_stop IS NULL THEN '{ABANDONED}' END AS way,
    CASE WHEN is_presumed THEN due ELSE last_vanished END AS last_vanished,
    CASE WHEN is_presumed THEN due ELSE first_vanished END AS first_vanished,
    CASE WHEN is_presumed THEN due ELSE last_listed END AS last_listed
) FROM judged
"""

# A person who was present when the worker was lost has left. What the worker did after its last row is unknown: it may have
# closed a session that ended since.
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
    coalesce(left_at, orphaned.since) AS left_at, CASE WHEN orphaned.since IS NULL THEN way ELSE '{LOST_WORKER}' END AS way,
    -- Its worker may have used or closed the session after its last row.
    coalesce(least(stop_answered, said_gone, last_vanished), 'inf') > last_act IS TRUE AS client_lost
) FROM facts LEFT JOIN orphaned USING (session) LEFT JOIN lost USING (worker)
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

# Each step uses the columns of the previous one.
_FATES = f"""
WITH shared AS (
    -- Which session of an id that was given twice a list or a call is about is not known.
    SELECT id FROM facts WHERE id IS NOT NULL GROUP BY id HAVING count(*) > 1
), looks AS (
    -- A list that shows the session again overrules one that did not.
    SELECT *,
        -- And so does an activity acknowledged after it.
        CASE WHEN last_vanished IS NULL OR last_seen > last_vanished OR alive > last_vanished THEN NULL
             ELSE greatest(last_vanished - $lag_low + $omitted, alive) END AS gone,
        -- A list that omits open sessions for a time has to lack one for longer, and any list twice if the end was not due: else
        -- the session may be open after the last look.
        CASE WHEN $omitted > 0 THEN last_vanished + $omitted <= $certain_until
             ELSE last_vanished <= $certain_until
                 OR last_vanished >= least(alive + idle_timeout, coalesce(opening + cap, 'inf')) - $tolerance
             END AS is_proven,
        CASE WHEN last_seen > last_vanished THEN $last_look
             WHEN last_vanished IS NOT NULL THEN last_listed
             WHEN listed IS NOT NULL THEN $last_look END - $lag_high AS seen_until,
        coalesce(last_seen > first_vanished OR alive > last_vanished, FALSE) AS is_contradicted,
        id IN (SELECT id FROM shared) IS TRUE AS shares_id
    FROM facts
), stops AS (
    -- A session that outlives an acknowledged stop by more than the usual lag, to its due time or beyond, was not stopped.
    SELECT *, coalesce(
        NOT shares_id AND seen_until > stop_answered + greatest({LAG_SECONDS}, $listed_after) + $tolerance
        AND (gone IS NULL OR gone >= alive + idle_timeout - $tolerance), FALSE) AS stop_ignored
    FROM looks
), believed AS (
    -- A list requested after a "not found" answer, or after an acknowledged stop, overrules that answer, unless it shows most
    -- stopped sessions for as long.
    SELECT *,
        CASE WHEN is_proven THEN gone END AS vanished,
        CASE WHEN greatest(seen_until - $listed_after, alive) > said_gone THEN NULL ELSE said_gone END AS told_gone,
        stop_sent IS NOT NULL AND (gone IS NULL OR gone > stop_sent OR NOT is_proven)
            AND NOT coalesce(gone IS NULL AND seen_until > stop_answered + $listed_after + $tolerance, FALSE)
            AND NOT stop_ignored AS stopped,
        ghost OR coalesce(NOT shares_id AND seen_until > said_gone + $listed_after + $tolerance, FALSE) AS is_ghost
    FROM stops
), due AS (
    SELECT *,
        alive + idle_timeout AS due_low,
        greatest(reached, alive) + coalesce(idle_most, idle_timeout) AS due_high,
        opening + cap AS cap_low,
        opened + cap AS cap_high
    FROM believed
), ends AS (
    SELECT *,
        CASE WHEN stopped THEN stop_sent
             WHEN told_gone < seen_until THEN greatest(alive, seen_until - $listed_after)
             ELSE greatest(alive, seen_until) END AS end_low,
        CASE WHEN stopped THEN stop_answered ELSE least(told_gone, vanished) END AS end_high
    FROM due
), unsure AS (
    -- A stop whose answer was lost explains an early end.
    SELECT *, NOT stopped AND coalesce(unsure_stop < end_high AND end_high < due_low - $tolerance, FALSE) AS was_unsure
    FROM ends
), estimates AS (
    -- The likeliest moment within the interval: the due time, or the moment nearest to it. An incomplete request is taken
    -- not to have counted (due_low rather than due_high). After a stop the slot is free, unless a list requested later still
    -- shows the session.
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
        end_high < due_low - $tolerance AND NOT client_lost AND NOT shares_id AS is_early,
        end_low > due_high + $tolerance AND NOT client_lost AND NOT shares_id AS is_late,
        coalesce(NOT shares_id AND seen_until > due_high + $listed_after + $tolerance, FALSE) AS overdue,
        CASE WHEN stopped THEN closing WHEN was_unsure THEN unsure_closing END AS ended_by
    FROM unsure
), people AS (
    SELECT *, (left_at IS NULL OR way = '{GIVEN_UP}' OR coalesce(left_at > ended, FALSE)) AS was_there FROM estimates
), fates AS (
    SELECT *,
        CASE
            WHEN ended_by = 0 THEN 'closed'
            WHEN shares_id THEN 'unobserved'
            -- Closed by the run or by the API: the person left because of the run.
            WHEN way = '{LOST_WORKER}' AND end_high IS NOT NULL THEN 'censored'
            WHEN ended_by IS NOT NULL AND left_at IS NULL THEN 'censored'
            WHEN ended_by = 1 THEN 'censored'
            -- Never listed, and due before the stop: an API that acknowledges a second stop proves nothing.
            WHEN ended_by = 2 AND listed IS NULL AND stop_sent > due_high + $tolerance THEN 'unobserved'
            WHEN ended_by = 2 THEN CASE WHEN own_stop IS NULL THEN 'swept' ELSE 'stop-failed' END
            WHEN end_high IS NULL THEN CASE WHEN overdue THEN 'lingering' ELSE 'unobserved' END
            WHEN may_be_capped AND (is_early OR cap_low <= due_low) THEN 'capped'
            WHEN was_there THEN CASE WHEN is_early THEN 'dropped' ELSE 'expired' END
            WHEN own_stop IS NOT NULL THEN 'stop-failed'
            WHEN is_early THEN 'leaked-early'
            WHEN is_late THEN 'leaked-late'
            -- Which idle timeout the session had is not known.
            WHEN idle_most > idle_timeout THEN 'unobserved'
            ELSE 'leaked-reaped'
        END AS fate
    FROM people
)
SELECT * EXCLUDE (
        ghost, is_ghost, last_seen, last_vanished, last_listed, listed_by, first_vanished, gone, is_proven, unsure_closing
    ), is_ghost AS ghost,
    -- A client that sent a stop has not leaked the session, and neither has a person who is still present.
    own_stop IS NULL AND left_at IS NOT NULL AND NOT (is_ghost AND way = '{GIVEN_UP}')
        AND (fate IN {_LEAKED} OR (NOT was_there AND fate IN ('capped', 'unobserved'))) AS leak
FROM fates
"""


_BELIEVED = """
SELECT * FROM margins ANTI JOIN (SELECT session, told_gone FROM sessions WHERE told_gone IS NOT NULL) AS gone
ON margins.session = gone.session AND margins.t > gone.told_gone
"""

# A long run has a million sessions; half of the columns are needed only in SQL.
_SHOWN = """
session, id, profile, fate, way, ghost, leak IS TRUE AS leak, overdue, opened, ended, end_low, end_high, left_at, reached,
idle_timeout, cap, due_low, due_high, turns::INTEGER AS turns, keep_alives::INTEGER AS keep_alives
"""
_CATEGORIES = ("profile", "fate", "way")


def build_sessions(log: EventLog) -> pd.DataFrame:
    """Creates the table `sessions`, a row for each opened session including ghosts, and returns the columns that pages show.

    Also creates `margins` (only while the client could take its session for open) and `gaps`.
    """
    build_facts(log)
    if log.manifest.audit:
        log.create_table("facts", _AUDITED)
    if log.manifest.recording:
        log_end = log.row("SELECT max(t + latency) / 1e9 AS t FROM events")["t"] or 0.0
        log.create_table("facts", _RECORDED, log_end=float(log_end))
    if any_was_absent(log):
        log.create_table("facts", _OF_LOST_WORKERS)
    ghosts = _ghosts(log)
    if len(ghosts):
        log.insert_table("ghosts", ghosts)
        log.create_table("facts", "SELECT * FROM facts UNION ALL BY NAME SELECT * FROM ghosts")
    lag_low, lag_high = build_list_lag(log)
    last_look = _last_look(log)
    log.create_table(
        "sessions",
        _FATES,
        tolerance=log.manifest.tolerance,
        last_look=last_look,
        # The sandbox itself noted the ends of an audit; those of a recording are presumed.
        certain_until=math.inf if log.manifest.is_of_clients else last_look,
        lag_low=lag_low,
        lag_high=lag_high,
        omitted=longest_omission(log),
        listed_after=0.0 if lag_high else listed_after_stop(log),
    )
    log.drop_table("facts")
    log.create_table("margins", _BELIEVED)
    return log.long_frame(f"SELECT {_SHOWN} FROM sessions ORDER BY session", _CATEGORIES)


def unresolved(log: EventLog, sessions: pd.DataFrame) -> int:
    """Returns how many `new` with an unknown outcome were not resolved; each may have opened a session."""
    return len(log.frame(_LOST)) - int((sessions["way"] == LOST_ANSWER).sum())


def _last_look(log: EventLog) -> float:
    look = log.row("SELECT max(t) / 1e9 AS t FROM events WHERE kind = 'list' AND outcome = 'ok'")["t"]
    return float(look) if look is not None else float("-inf")


def _ghosts(log: EventLog) -> pd.DataFrame:
    """Matches foreign sessions in the list with lost answers of `new`, one to one.

    Such a session was first listed while the answer was awaited or a few polls later, and created in between according to
    `created_at`, corrected by the offset of the API's clock. The request that timed out first is matched first, with the session
    created nearest to its send. Where a session fits several requests, it may have the idle timeout of any of them, and its fate
    is judged by the shortest and the longest.
    """
    strangers = log.records(_STRANGERS)
    if not strangers:
        return pd.DataFrame()
    offset = clock_offset(log)
    for stranger in strangers:
        told = stranger["created"]
        stranger["created"] = told - log.manifest.started_unix - offset if told else stranger["listed"]
    # created_at has a resolution of one second.
    slack = log.manifest.tolerance + 1
    latest = slack + 3 * log.manifest.poll
    fits = partial(_fits, slack=slack, latest=latest)
    # In the order of their times, so that only those near in time are compared: there may be many thousands.
    lost = log.records(_LOST)
    answered = [request["lost_high"] for request in lost]
    longest = max((request["lost_high"] - request["lost_low"] for request in lost), default=0.0)
    listed = [stranger["listed"] for stranger in strangers]
    taken: set[int] = set()
    found = []
    for request in lost:
        near = range(bisect_left(listed, request["lost_low"]), bisect_right(listed, request["lost_high"] + latest))
        fitting = [place for place in near if place not in taken and fits(request, strangers[place])]
        if not fitting:
            continue
        place = min(fitting, key=lambda place: _distance(request, strangers[place]))
        taken.add(place)
        nearest = strangers[place]
        others = slice(
            bisect_left(answered, nearest["listed"] - latest), bisect_right(answered, nearest["listed"] + longest)
        )
        timeouts = [other["idle_timeout"] for other in lost[others] if fits(other, nearest)]
        found.append({**_ghost(request, nearest), "idle_timeout": min(timeouts), "idle_most": max(timeouts)})
    return pd.DataFrame(found)


def _fits(request: dict[str, Any], stranger: dict[str, Any], slack: float, latest: float) -> bool:
    low, high = request["lost_low"], request["lost_high"] + latest
    return bool(low - slack <= stranger["created"] <= high and low <= stranger["listed"] <= high)


def _distance(request: dict[str, Any], stranger: dict[str, Any]) -> float:
    # created_at is rounded down: on average the session was created half a second later.
    return abs(float(stranger["created"]) + 0.5 - float(request["lost_low"]))


def _ghost(request: dict[str, Any], stranger: dict[str, Any]) -> dict[str, Any]:
    """Returns the row of a ghost in the table `facts`."""
    # It may have been created after the timeout, but not after it was first listed.
    low, high = request["lost_low"], max(request["lost_high"], stranger["listed"])
    return {
        **{name: request[name] for name in ("session", "profile")},
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
        "client_lost": False,
    }
