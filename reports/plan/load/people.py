"""Reads who requested a session in a run: one row a person, with what they held or would have held.

Whoever was refused, or was still there when the run ended, gets the holding time of the most similar person: of the same
profile, with the same way of leaving and about the same planned stay (hot-deck imputation by the nearest donor;
Andridge and Little 2010, doi 10.1111/j.1751-5823.2010.00103.x). All times are seconds.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from loadtests.model.api.operation import Operation
from loadtests.model.people.profile import Way
from reports.log.log import EventLog

Seconds = npt.NDArray[np.float64]

_TAKEN = ("used", "quiet", "tail", "since_spoke", "since_alive")
"""Figures that are imputed where they were not observed."""

# A slot is free as soon as stop is sent. A leak that was swept, or whose end was not observed, counts as ended when due.
_PEOPLE = f"""
WITH tries AS (
    SELECT session, max(profile) AS profile, min(t) AS t, count(*) AS attempts, any_value(idle_timeout) AS idle_timeout
    FROM attempts GROUP BY session
), plans AS (
    SELECT session, any_value(value) AS planned, any_value(detail) AS intent FROM events WHERE kind = 'arrive' GROUP BY session
), silence AS (
    SELECT session, sum(high - low) AS quiet FROM segments WHERE holder = 'quiet' GROUP BY session
), held AS (
    SELECT session, opening, left_at, way, fate, leak, spoke_low, alive,
        CASE WHEN leak AND fate IN ('swept', 'lingering', 'unobserved') THEN due_low
             WHEN ended = stop_answered THEN stop_sent ELSE coalesce(ended, $log_end) END AS ended
    FROM sessions
)
SELECT session, profile, tries.t AS t, attempts, idle_timeout, planned,
    coalesce(intent, '') AS intent, coalesce(way, '') AS way,
    session IN (SELECT session FROM hits WHERE attempt = 1) AS refused,
    session IN (SELECT session FROM hits) AS wanted,
    opening IS NOT NULL AS served,
    coalesce(leak, FALSE) AS leak,
    opening IS NOT NULL AND (leak OR fate NOT IN ('censored', 'unobserved')) AS whole,
    greatest(0, CASE WHEN leak THEN least(left_at, ended) ELSE ended END - opening) AS used,
    coalesce(quiet, 0.0) AS quiet,
    CASE WHEN leak THEN greatest(0, ended - left_at) ELSE 0.0 END AS tail,
    greatest(0, left_at - spoke_low) AS since_spoke,
    greatest(0, left_at - alive) AS since_alive,
    coalesce(leak AND way = '{Way.ZOMBIE.value}' AND fate <> 'capped', FALSE) AS endless
FROM tries LEFT JOIN plans USING (session) LEFT JOIN held USING (session) LEFT JOIN silence USING (session)
ORDER BY tries.t, session
"""

_GAPS = """
WITH lives AS (
    SELECT session, opened, CASE WHEN leak OR fate IN ('closed', 'expired') THEN least(left_at, ended) ELSE ended END AS gone
    FROM sessions WHERE NOT ghost
), acts AS (
    SELECT session, t / 1e9 AS t FROM events JOIN lives USING (session)
    WHERE outcome = 'ok' AND kind IN $spoken AND t / 1e9 <= coalesce(gone, $log_end)
    UNION ALL SELECT session, coalesce(gone, $log_end) FROM lives
), gaps AS (
    SELECT session, t - lag(t) OVER (PARTITION BY session ORDER BY t) AS gap FROM acts
)
SELECT session, gap FROM gaps WHERE gap >= $least ORDER BY session
"""


def build_people(log: EventLog, log_end: float) -> pd.DataFrame:
    """Return one row for each person who requested a session, from the events and the tables `sessions`, `segments` and `hits`.

    `used`, `quiet` (a part of it) and `tail` (held after the person had left) are the seconds that they held a slot, or would
    have; NaN: unknown. `whole`: observed from start to end. `endless`: only the end of the run freed the slot of this zombie.
    """
    people = log.frame(_PEOPLE, log_end=log_end)
    people = people[people["served"] | people["wanted"]].reset_index(drop=True)
    return _imputed(people)


def build_gaps(log: EventLog, log_end: float, least: float) -> pd.DataFrame:
    """Columns session, gap: phases of `least` seconds and more without anything that the API detects but keep-alives, until
    the person left. Of a session that was reaped meanwhile the gap ends there: it was that long at the least.
    """
    speaking = log.manifest.description.activity - {Operation.KEEP_ALIVE}
    spoken = ["new", *(operation.value for operation in speaking)]
    return log.frame(_GAPS, log_end=log_end, least=least, spoken=spoken)


def _imputed(people: pd.DataFrame) -> pd.DataFrame:
    columns = {name: people[name].to_numpy(dtype=float).copy() for name in _TAKEN}
    leaving = {name: people[name].to_numpy(dtype=bool).copy() for name in ("endless", "leak")}
    whole, planned = people["whole"].to_numpy(dtype=bool), people["planned"].to_numpy(dtype=float)
    columns["used"][~whole] = planned[~whole]
    profiles, intents = people["profile"].to_numpy(dtype=object), people["intent"].to_numpy(dtype=object)
    for profile, intent in sorted(set(zip(profiles, intents, strict=True))):
        own = np.flatnonzero((profiles == profile) & (intents == intent))
        donors = own[whole[own]] if whole[own].any() else np.flatnonzero(whole & (profiles == profile))
        # An audit records no plans, so the planned stay of refused people is unknown.
        wanting = own[~whole[own] & ~np.isnan(planned[own])]
        if not len(wanting) or not len(donors):
            continue
        alike = _nearest(planned[wanting], donors, planned[donors])
        stays = planned[wanting] + np.nan_to_num(columns["used"][alike] - planned[alike])
        for values in (*columns.values(), *leaving.values()):
            values[wanting] = values[alike]
        columns["used"][wanting] = np.maximum(0.0, stays)
    return people.assign(**columns, **leaving)


def _nearest(wanted: Seconds, donors: npt.NDArray[np.int_], planned: Seconds) -> npt.NDArray[np.int_]:
    """Return the donor with the nearest planned stay, for each wanted stay."""
    order = np.argsort(planned, kind="stable")
    ranked = planned[order]
    right = np.searchsorted(ranked, wanted).clip(0, len(ranked) - 1)
    left = (right - 1).clip(0)
    is_left = np.abs(ranked[left] - wanted) <= np.abs(ranked[right] - wanted)
    return np.asarray(donors[order[np.where(is_left, left, right)]])
