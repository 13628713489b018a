"""Builds the table `sessions`: one row per session, with its end, its due time and its fate (docs/definitions.md).

All times are seconds of the run. An end is an interval (`end_low`, `end_high`]: the session was alive at the first moment and no
longer at the second. The due time is an interval too, because an activity reached the API between its send and its answer. A
session is early or late only if the whole interval lies outside due ± tolerance.
"""

from __future__ import annotations

import math

import pandas as pd

from loadtests.model.session.behaviour import GIVEN_UP
from reports.analysis.ghosts import find_ghosts
from reports.analysis.list_lag import build_list_lag, listed_after_stop, longest_omission
from reports.analysis.workers import any_was_absent
from reports.log.build_facts import build_facts
from reports.log.log import EventLog

_LEAKED = ("leaked-reaped", "leaked-early", "leaked-late", "swept", "lingering")
# Fates that only leaks have; a leak may also be capped or unobserved.

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
), lags AS (
    -- How long a list showed stopped sessions: twice the usual lag at most, or longer.
    SELECT count(*) FILTER (lag <= 2 * $usual_lag + $tolerance) AS moderate,
        count(*) FILTER (lag > 2 * $usual_lag + $tolerance) AS long
    FROM (SELECT seen_until - stop_answered AS lag FROM looks WHERE NOT shares_id) WHERE lag > $usual_lag + $tolerance
), stops AS (
    -- A session that outlives an acknowledged stop by more than the usual lag, to its due time or beyond, was not stopped. Nor
    -- were those that outlive it for much longer, whatever ended them, if hardly any lie in between.
    SELECT *, coalesce(
        NOT shares_id AND seen_until > stop_answered + $usual_lag + $tolerance
        AND (gone IS NULL OR gone >= alive + idle_timeout - $tolerance
            OR (seen_until > stop_answered + 2 * $usual_lag + $tolerance AND 4 * moderate <= long)), FALSE) AS stop_ignored
    FROM looks, lags
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
             ELSE greatest(alive, seen_until - $listed_after) END AS end_low,
        CASE WHEN stopped THEN stop_answered ELSE least(told_gone, vanished) END AS end_high
    FROM due
), unsure AS (
    -- A stop whose answer was lost explains an early end.
    SELECT *, NOT stopped AND coalesce(unsure_stop < end_high AND end_high < due_low - $tolerance, FALSE) AS was_unsure
    FROM ends
), estimates AS (
    -- The likeliest moment within the interval: the due time, or the moment nearest to it. An incomplete request is taken
    -- not to have counted (due_low rather than due_high). After a stop the slot is free, unless a list requested later still
    -- shows the session. The end of one that shares its id is seen by nobody: it is taken to be when it was due.
    SELECT *,
        CASE WHEN end_high IS NULL AND shares_id THEN least(due_high, coalesce(cap_high, 'inf'))
             WHEN end_high IS NULL THEN NULL
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
    ghosts = find_ghosts(log)
    if len(ghosts):
        log.insert_table("ghosts", ghosts)
        log.create_table("facts", "SELECT * FROM facts UNION ALL BY NAME SELECT * FROM ghosts")
    lag_low, lag_high = build_list_lag(log)
    last_look = _last_look(log)
    listed_after = 0.0 if lag_high else listed_after_stop(log)
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
        listed_after=listed_after,
        usual_lag=max(LAG_SECONDS, listed_after),
    )
    log.drop_table("facts")
    log.create_table("margins", _BELIEVED)
    return log.long_frame(f"SELECT {_SHOWN} FROM sessions ORDER BY session", _CATEGORIES)


def _last_look(log: EventLog) -> float:
    look = log.row("SELECT max(t) / 1e9 AS t FROM events WHERE kind = 'list' AND outcome = 'ok'")["t"]
    return float(look) if look is not None else float("-inf")
