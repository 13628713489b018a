"""`zombie-keepalives`: a timer that goes on when its person has gone."""

from __future__ import annotations

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


def look(evidence: Evidence) -> Checked:
    """Keep-alives after the person left, and no stop."""
    zombies = evidence.log.frame(_ZOMBIES)
    if zombies.empty:
        return None
    longest = float((zombies["high"] - zombies["low"]).max())
    return Finding(
        "zombie-keepalives",
        "warning",
        "modelled client",
        "certain",
        f"{len(zombies)} sessions were kept alive after their person had gone: {int(zombies['n'].sum())} keep-alives, for up"
        f" to {longest:.0f} s.",
        "Clear the keep-alive timer on every way out, before anything else: it holds the slot for as long as it runs.",
        numbers(zombies),
        span(zombies["low"], zombies["high"]),
        "leaks",
    )


CHECK = Check("zombie-keepalives", look)
