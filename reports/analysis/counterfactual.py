"""What would have happened had every leak been closed at once: the run's own attempts, replayed through the API's rules.

Everybody asks for a session when they did in the run, first attempts and later ones, until one is granted, and holds it for
as long as they did: in one replay with the leaked tails as they were, in the other without them. Who never got a session
holds it for as long as they had planned to stay. A person counts once, by the first attempt.

The replay with the tails is the check on the method: it ought to refuse those who were refused. In a loss system, shorter
holding times need not mean fewer refusals (whoever is let in may keep out two others), so nothing here assumes it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from itertools import count
from typing import Any, NamedTuple

import pandas as pd

from loadtests.model.api.answer import Outcome
from loadtests.model.api.reply import DONE
from loadtests.model.api.rules import Rules, Terms
from reports.log.log import EventLog

MOST_ATTEMPTS = 300_000
"""A longer run is replayed from its start up to this many attempts: a replay of them takes some seconds."""

NEAR = 0.8
"""A replay whose refusals agree less than this with the measured ones has missed them."""

ASSUMPTIONS = (
    "Everybody comes, and tries again, when they did in the run. Who is refused only in the replay does not try again.",
    "Who got a session holds it as long as they did, a leak until its user left. Who never got one stays as long as they had"
    " planned, then closes.",
    "The limit is the advertised one throughout, and a slot is free as soon as stop is sent or the session is due.",
    "Sessions of others are there as they were listed.",
)
"""What the figure rests on, for people."""

UNPLANNED = "it is not known how long those who were refused wanted to stay"
MISSED = (
    "a replay with the leaks does not refuse those whom the API refused, so its limit may differ from the advertised one, or"
    " slots are not free when they should be"
)
STOPPED_IN_VAIN = (
    "sessions held their slots after they had been stopped, so closing the leaks would not have freed what the replay"
    " assumes"
)
"""Why there is no figure."""

MOST_STOPPED_IN_VAIN = 0.01
"""Of the sessions that were stopped: so few hardly change the figure."""

_STOPPED_IN_VAIN = """
SELECT count(*) FILTER (stop_ignored OR ghost) AS in_vain, count(*) AS stopped FROM sessions WHERE own_stop IS NOT NULL
"""

# A call takes effect when it is sent: what all calls are late by alike changes no order. Attempts that were refused for
# another reason, and those of which nobody knows whether they opened anything, are none.
_ATTEMPTS = f"""
WITH plans AS (
    SELECT session, any_value(value) AS stay FROM events WHERE kind = 'arrive' GROUP BY session
), held AS (
    SELECT session, opening, ghost, CASE WHEN ended = stop_answered THEN stop_sent ELSE coalesce(ended, $log_end) END AS ended,
        CASE WHEN own_stop IS NULL THEN left_at END AS left_at
    FROM sessions
)
SELECT t, session, number = 1 AS is_first, coalesce(greatest(ended, opening) - opening, stay) AS with_tail,
    coalesce(greatest(least(ended, left_at), opening) - opening, stay) AS without_tail
FROM attempts LEFT JOIN held USING (session) LEFT JOIN plans USING (session)
WHERE outcome = '{Outcome.OK.value}' OR ghost OR is_hit
UNION ALL
SELECT low, -row_number() OVER (ORDER BY low, id), FALSE, coalesce(high, $log_end) - low, coalesce(high, $log_end) - low
FROM strangers
ORDER BY t, session LIMIT $most
"""


# A `new` without an answer may have opened a session that nobody saw.
_NOTHING_LEAKED = """
SELECT (SELECT count(*) FROM segments WHERE holder = 'leaked') + (
    SELECT count(*) FROM events WHERE kind = 'new' AND outcome = 'unknown') = 0 AS nothing
"""


class Attempt(NamedTuple):
    """Somebody asks for a session."""

    t: float
    person: int
    is_first: bool
    """Only first attempts are counted."""
    holds: float
    """Seconds, if it is granted."""


@dataclass(frozen=True)
class Counterfactual:
    """First attempts refused, in the run and in two replays of it; None where it cannot be told."""

    first_attempts: int | None
    """Had the leaks been closed at once; None, too, where the replay with the leaks misses what was measured."""
    measured: int
    """In the run."""
    replayed: int | None = None
    """With the leaks as they were."""
    same: int | None = None
    """Of those, how many were refused in the run."""
    until: float | None = None
    """The replay ends at this second of the run, as do all of these figures; None: at the run's end."""
    unknown: str | None = None
    """Why it cannot be told; None: it can."""

    @property
    def caused(self) -> int | None:
        """Refused first attempts of the run that the leaks caused; None: it cannot be told."""
        return None if self.first_attempts is None else max(0, self.measured - self.first_attempts)

    @property
    def agreement(self) -> float | None:
        """Refused in the run and in the replay with leaks, as a share of those refused in either (Jaccard's index)."""
        if self.replayed is None or self.same is None:
            return None
        either = self.measured + self.replayed - self.same
        return self.same / either if either else 1.0

    @property
    def is_near(self) -> bool | None:
        """Whether the method can be relied on for this run: the replay with leaks refuses whom the run refused."""
        return None if self.agreement is None else self.agreement >= NEAR

    def as_dict(self) -> dict[str, Any]:
        """The part `concurrency_hits.without_leaks` of summary.json."""
        return {**asdict(self), "caused": self.caused, "agreement": self.agreement, "is_near": self.is_near}


def refused(attempts: Iterable[Attempt], limit: int) -> frozenset[int]:
    """The persons whose first attempt is refused by an account with `limit`; `attempts` in the order of time."""
    numbers = count()
    rules = Rules(Terms(limit, idle_range=(0.0, float("inf"))), lambda: str(next(numbers)))
    served: set[int] = set()
    turned_away: set[int] = set()
    for t, person, is_first, holds in attempts:
        if person in served:
            continue
        # Nobody is active in a replay: the rules' own reaping ends each session when its holding time is over.
        if rules.new(t, holds).code == DONE.code:
            served.add(person)
        elif is_first:
            turned_away.add(person)
    return frozenset(turned_away)


def build_counterfactual(log: EventLog, log_end: float) -> Counterfactual:
    """The figures, out of the events and the tables `sessions`, `segments`, `strangers` and `hits`."""
    measured = log.frame("SELECT session, t FROM hits WHERE attempt = 1")
    limit = log.manifest.limit
    if not log.row("SELECT count(*) AS n FROM hits")["n"]:
        # Nobody was refused, so all held what they held at once; shorter, they do so all the more.
        return Counterfactual(0, 0, 0, 0)
    if log.row(_NOTHING_LEAKED)["nothing"]:
        return Counterfactual(len(measured), len(measured), len(measured), len(measured))
    if limit is None:
        return Counterfactual(None, len(measured), unknown="the account's limit is not known")
    stops = log.row(_STOPPED_IN_VAIN)
    if stops["in_vain"] > MOST_STOPPED_IN_VAIN * stops["stopped"]:
        return Counterfactual(None, len(measured), unknown=STOPPED_IN_VAIN)
    attempts = log.frame(_ATTEMPTS, log_end=log_end, most=MOST_ATTEMPTS + 1)
    until = float(attempts["t"].iloc[-1]) if len(attempts) > MOST_ATTEMPTS else None
    attempts = attempts.head(MOST_ATTEMPTS)
    if until is not None:
        measured = measured[measured["session"].isin(attempts["session"])]
    if attempts["without_tail"].isna().any():
        return Counterfactual(None, len(measured), until=until, unknown=UNPLANNED)
    with_leaks = refused(_attempts(attempts, "with_tail"), limit)
    same = len(with_leaks.intersection(measured["session"]))
    check = Counterfactual(None, len(measured), len(with_leaks), same, until, MISSED)
    if not check.is_near:
        return check
    without = refused(_attempts(attempts, "without_tail"), limit)
    return replace(check, first_attempts=len(without), unknown=None)


def _attempts(frame: pd.DataFrame, holds: str) -> Iterable[Attempt]:
    columns = (frame[name].tolist() for name in ("t", "session", "is_first", holds))
    return map(Attempt._make, zip(*columns, strict=True))
