"""What a log of calls shows of each session: calls with their times and outcomes, and when the list no longer had the session.

Nothing else is read: no profile name, no planned stay, no note of a simulated person. A recording of real clients has none. All
times are seconds of the log.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from loadtests.model.api.answer import GONE, Outcome
from loadtests.model.api.operation import Operation
from reports.log.log import EventLog, open_log_read_only

_GONE = tuple(reason.value for reason in GONE)
_CALLS = tuple(operation.value for operation in Operation if operation is not Operation.LIST)

# A stop of value 1 or 2 is the end of the recording's own run, not a client's.
_MADE = f"""
SELECT session, profile, kind, t / 1e9 AS t, (t + latency) / 1e9 AS answered, outcome, reason, value
FROM events WHERE session > 0 AND kind IN {_CALLS} AND outcome <> '{Outcome.WITHHELD}' AND t / 1e9 <= $horizon
"""
_SESSIONS = f"""
WITH opened AS (
    SELECT session, min(answered) AS opened, any_value(value) AS idle_timeout, any_value(profile) AS profile
    FROM made WHERE kind = 'new' AND outcome = 'ok' GROUP BY session
), ends AS (
    SELECT session,
        min(t) FILTER (kind = 'stop' AND value = 0) AS stopped,
        min(t) FILTER (kind = 'stop' AND value > 0) AS cut,
        min(t) FILTER (kind <> 'stop' AND outcome = 'fail' AND reason IN {_GONE}) AS gone,
        max(t) FILTER (kind <> 'stop') AS last_call,
        max(t) FILTER (list_contains($spoken, kind) OR kind = 'new') AS spoke,
        max(t) FILTER (outcome = 'unknown') AS unknown,
        count(*) FILTER (kind = 'start') AS starts,
        min(answered) FILTER (kind = 'start') AS started,
        count(*) FILTER (kind = 'create_token') AS tokens,
        count(*) FILTER (kind = 'task') AS tasks,
        count(*) FILTER (kind = 'keep_alive') AS keep_alives
    FROM made GROUP BY session
), vanished AS (
    SELECT session, max(value) AS vanished FROM events
    WHERE kind = 'vanished' AND t / 1e9 <= $horizon GROUP BY session
), caps AS (
    SELECT session, any_value(value) AS cap FROM events WHERE kind = 'cap' AND value > 0 GROUP BY session
)
SELECT * FROM opened JOIN ends USING (session) LEFT JOIN vanished USING (session) LEFT JOIN caps USING (session)
ORDER BY opened, session
"""
_PERSONS = """
SELECT session, any_value(profile) AS profile, min(t) AS t, count(*) AS attempts,
    bool_or(outcome = 'ok') AS served, bool_or(outcome = 'fail') AS refused,
    min(t) FILTER (number = 2) - min(answered) FILTER (number = 1) AS first_wait
FROM (SELECT *, row_number() OVER (PARTITION BY session ORDER BY t) AS number FROM made WHERE kind = 'new')
GROUP BY session ORDER BY t, session
"""
_BEATS = """
SELECT session, t, kind FROM made WHERE kind IN ('keep_alive', 'start', 'task') ORDER BY session, t
"""
_TASKS = """
SELECT session, t, answered, outcome, value FROM made WHERE kind = 'task' ORDER BY session, t
"""
_UNKNOWN_OPENING = """
SELECT count(DISTINCT session) AS n FROM made WHERE session NOT IN (SELECT session FROM made WHERE kind = 'new')
"""


@dataclass(frozen=True)
class Recording:
    """One log. Session numbers are unique among all logs of a fit."""

    name: str
    seconds: float
    """Length of the recording."""
    started_unix: float
    """Wall clock at 0 of the log; 0: a simulation."""
    limit: int | None
    simulated: bool
    sessions: pd.DataFrame
    """A row for each session that was opened in the recording."""
    persons: pd.DataFrame
    """A row for each session number that requested a session: t, attempts, served, refused, first_wait."""
    beats: pd.DataFrame
    """session, t, kind: start, tasks and keep-alives in their order."""
    tasks: pd.DataFrame
    """session, t, answered, outcome, value (how long the answer plays)."""
    before: int
    """Sessions that were opened before the recording began: their length is not known."""


def read_recording(run: Path, first_number: int = 0) -> Recording:
    """Returns what the log in the directory `run` shows; session numbers begin after `first_number`. Raises InputError if there
    is no log that can be read.
    """
    log = open_log_read_only(run)
    try:
        return _read(log, run.name, first_number)
    finally:
        log.close()


def _read(log: EventLog, name: str, first_number: int) -> Recording:
    manifest = log.manifest
    log_end = float(log.row("SELECT max(t + latency) / 1e9 AS t FROM events")["t"] or 0.0)
    # After that, the run closes what is open.
    horizon = min(manifest.load_ended if manifest.load_ended is not None else log_end, log_end)
    log.create_table("made", _MADE, horizon=horizon)
    spoken = sorted(manifest.description.activity - {Operation.KEEP_ALIVE})
    frames = [
        log.frame(_SESSIONS, horizon=horizon, spoken=spoken),
        log.frame(_PERSONS),
        log.frame(_BEATS),
        log.frame(_TASKS),
    ]
    sessions, persons, beats, tasks = (frame.assign(session=frame["session"] + first_number) for frame in frames)
    before = int(log.row(_UNKNOWN_OPENING)["n"])
    return Recording(
        name,
        horizon,
        manifest.started_unix,
        manifest.limit,
        manifest.simulated,
        sessions,
        persons,
        beats,
        tasks,
        before,
    )
