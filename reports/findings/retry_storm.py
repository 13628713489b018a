"""`retry-storm`: a client that retries quickly, without waiting longer each time."""

from __future__ import annotations

from loadtests.model.api.answer import FULL
from loadtests.model.text.units import format_duration
from loadtests.model.text.wording import count
from reports.findings.check import Check
from reports.findings.evidence import Evidence, numbers, span
from reports.findings.finding import Checked, Finding

STORM_REFUSALS = 3
STORM_SECONDS = 1.0
BACK_OFF = 1.5
"""A pause that has grown by this factor is one of a client that backs off."""

_REASONS = tuple(reason.value for reason in FULL)

# Refusals of one person, each within a second of the one before; the first of a chain has no pause.
_CHAINS = f"""
WITH refused AS (
    SELECT session, t, t - lag(t) OVER own AS pause FROM attempts WHERE outcome = 'fail' AND reason IN {_REASONS}
    WINDOW own AS (PARTITION BY session ORDER BY t)
), chains AS (
    SELECT *, count(*) FILTER (pause IS NULL OR pause >= $within) OVER (PARTITION BY session ORDER BY t) AS chain FROM refused
), growing AS (
    SELECT *, CASE WHEN pause < $within THEN pause END AS within, lag(CASE WHEN pause < $within THEN pause END) OVER (
        PARTITION BY session, chain ORDER BY t) AS before FROM chains
)
SELECT session, count(*)::INTEGER AS n, min(t) AS low, max(t) AS high FROM growing GROUP BY session, chain
HAVING n >= $least AND NOT coalesce(bool_and(within >= $growth * before) FILTER (before IS NOT NULL), FALSE)
ORDER BY n DESC, session
"""


def check(evidence: Evidence) -> Checked:
    """Reports chains of refused attempts of one person without a growing pause."""
    chains = evidence.log.frame(_CHAINS, within=STORM_SECONDS, least=STORM_REFUSALS, growth=BACK_OFF)
    if chains.empty:
        return None
    worst = chains.iloc[0]
    return Finding(
        "retry-storm",
        "warning",
        "modelled client",
        "certain",
        f"{count(chains['session'].nunique(), 'client')} retried within {format_duration(STORM_SECONDS)} of each"
        f" refusal without a growing"
        f" pause; the worst sent {count(int(worst['n']), 'request')} within {format_duration(worst['high'] - worst['low'])}.",
        "Wait longer after each refusal (1, 2, 4 … s, with jitter). A full account has room only after a session is closed.",
        numbers(chains.drop_duplicates("session")),
        span(chains["low"], chains["high"]),
        "hits",
    )


CHECK = Check("retry-storm", check)
