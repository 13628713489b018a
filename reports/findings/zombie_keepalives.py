"""`zombie-keepalives`: a timer that goes on when its person has gone."""

from __future__ import annotations

from loadtests.model.text.units import format_duration
from loadtests.model.text.wording import count, verb, were
from reports.findings.check import Check
from reports.findings.evidence import Evidence, numbers, span
from reports.findings.finding import Checked, Finding

_ZOMBIES = """
SELECT events.session AS session, count(*)::INTEGER AS n, min(sessions.left_at) AS low, max(events.t) / 1e9 AS high
FROM events JOIN sessions USING (session)
WHERE events.kind = 'keep_alive' AND events.outcome <> 'withheld' AND events.t / 1e9 > sessions.left_at
    AND sessions.own_stop IS NULL
GROUP BY events.session ORDER BY n DESC, session
"""


def check(evidence: Evidence) -> Checked:
    """Reports keep-alives after the person left a session that was not stopped."""
    zombies = evidence.log.frame(_ZOMBIES)
    if zombies.empty:
        return None
    longest = float((zombies["high"] - zombies["low"]).max())
    return Finding(
        "zombie-keepalives",
        "warning",
        "modelled client",
        "certain",
        f"{were(len(zombies), 'session')} kept alive after {verb(len(zombies), 'its user', 'their users')} left:"
        f" {count(int(zombies['n'].sum()), 'keep-alive')} over {'up to ' if len(zombies) > 1 else ''}{format_duration(longest)}.",
        "Clear the keep-alive timer first on every exit path: it holds the slot for as long as it runs.",
        numbers(zombies),
        span(zombies["low"], zombies["high"]),
        "leaks",
    )


CHECK = Check("zombie-keepalives", check)
