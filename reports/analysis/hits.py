"""Computes concurrency hits: when, how many, who held the slots, and how long until a slot was free."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pandas as pd

from reports.analysis.slots import HOLDERS, held_at
from reports.log.log import EventLog

EPISODE_GAP_SECONDS = 5.0
"""Hits that are further apart belong to different episodes."""

_HITS = "SELECT session, profile, t, answered, number AS attempt FROM attempts WHERE is_hit ORDER BY t"

# Each refused attempt counts once, even if two have the same time.
_SHARES = """
SELECT holder, sum(held) / sum(sum(held)) OVER () AS share, avg(held) AS slots FROM hits JOIN held USING (t) GROUP BY holder
"""

_NUMBERED = f"""
WITH gaps AS (
    SELECT t, attempt, t - lag(t) OVER (ORDER BY t) > {EPISODE_GAP_SECONDS} AS is_apart FROM hits
)
-- Not count(*) FILTER, which takes quadratic time over a window in DuckDB.
SELECT t, attempt, sum(CASE WHEN is_apart THEN 1 ELSE 0 END) OVER (ORDER BY t) AS number FROM gaps
"""

_EPISODES = """
WITH waits AS (
    SELECT numbered.t AS t, attempt, number, freed.ended - numbered.t AS wait
    FROM numbered ASOF LEFT JOIN (SELECT ended FROM sessions WHERE ended IS NOT NULL) AS freed ON freed.ended >= numbered.t
)
SELECT number, min(t) AS low, max(t) AS high, count(*) AS hits, count(*) FILTER (attempt = 1) AS first_attempts,
    median(wait) AS wait
FROM waits GROUP BY number ORDER BY number
"""

_HELD_IN_EPISODES = """
SELECT number, holder, avg(held) AS held FROM held JOIN (SELECT DISTINCT t, number FROM numbered) USING (t)
GROUP BY number, holder
"""


@dataclass(frozen=True)
class Hits:
    """Refusals because the account's limit was reached."""

    count: int
    """Refused attempts."""
    first_attempts: int
    first_attempts_made: int
    """First attempts, refused or not."""
    persons_lost: int
    withheld: int
    """Attempts that the run's own guard did not send; these are not hits."""
    others: dict[str, int]
    """Refusals of `new` for other reasons, by reason."""
    held_by: dict[str, float]
    """Mean share of the slots of each holder at the hits."""
    slots: dict[str, float]
    """Mean slots of each holder at the hits."""
    times: pd.DataFrame
    """Columns t, attempt: each refused attempt, numbered per person from 1."""
    episodes: list[dict[str, Any]]

    @property
    def worst_episode(self) -> dict[str, Any] | None:
        """The part `concurrency_hits.worst_episode` of summary.json: the episode with the most hits; None: there is none."""
        if not self.episodes:
            return None
        worst = max(self.episodes, key=lambda episode: episode["hits"])
        return {name: worst[name] for name in ("low", "high", "hits", "first_attempts")}


def build_hits(log: EventLog) -> Hits:
    """Computes the hits from the tables `sessions` and `segments`; creates `hits`, `held` and `numbered`."""
    log.create_table("hits", _HITS)
    times = log.frame("SELECT t, attempt FROM hits ORDER BY t")
    made = log.row("SELECT count(DISTINCT session) AS n FROM attempts")["n"]
    lost = log.row("SELECT count(*) AS n FROM persons_lost")["n"]
    moments = times["t"].drop_duplicates(ignore_index=True)
    held = pd.concat([moments, held_at(log, moments)], axis=1).melt("t", var_name="holder", value_name="held")
    log.insert_table("held", held)
    shares, slots = _holders(log)
    return Hits(
        count=len(times),
        first_attempts=int((times["attempt"] == 1).sum()),
        first_attempts_made=int(made or 0),
        persons_lost=int(lost or 0),
        withheld=int(log.row("SELECT count(*) AS n FROM events WHERE kind = 'new' AND outcome = 'withheld'")["n"] or 0),
        others=_other_refusals(log),
        held_by=shares,
        slots=slots,
        times=times,
        episodes=_episodes(log),
    )


def _other_refusals(log: EventLog) -> dict[str, int]:
    found = log.frame("""
        SELECT reason, count(*) AS n FROM attempts WHERE outcome = 'fail' AND NOT is_hit GROUP BY reason ORDER BY n DESC, reason
    """)
    return {str(reason): int(n) for reason, n in zip(found["reason"], found["n"], strict=True)}


def _holders(log: EventLog) -> tuple[dict[str, float], dict[str, float]]:
    """Returns each holder's mean share of the slots at the hits, and its mean number of slots; both empty without any."""
    rows = {str(row["holder"]): row for row in log.records(_SHARES)}
    if not any(row["share"] for row in rows.values()):
        return {}, {}
    shares, slots = (
        {holder: float(rows[holder][name] or 0.0) if holder in rows else 0.0 for holder in HOLDERS}
        for name in ("share", "slots")
    )
    return shares, slots


def _episodes(log: EventLog) -> list[dict[str, Any]]:
    log.create_table("numbered", _NUMBERED)
    episodes = log.records(_EPISODES)
    held = {(row["number"], row["holder"]): float(row["held"]) for row in log.records(_HELD_IN_EPISODES)}
    return [
        {
            **{name: episode[name] for name in ("low", "high", "hits", "first_attempts", "wait")},
            "held": {holder: held.get((episode["number"], holder), 0.0) for holder in HOLDERS},
        }
        for episode in episodes
    ]
