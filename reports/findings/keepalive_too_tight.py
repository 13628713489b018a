"""`keepalive-too-tight`: keep-alives that leave next to nothing of the idle timeout."""

from __future__ import annotations

from reports.findings.check import Check
from reports.findings.evidence import Evidence, numbers
from reports.findings.finding import Checked, Finding

TIGHT = 0.1
"""Of the idle timeout: a keep-alive with less to spare is late as soon as anything is slow."""
SHARE = 0.01
"""Of the keep-alives: fewer are chance."""
LEAST = 2

_TIGHT = """
SELECT session, count(*)::INTEGER AS n, min(margin) AS margin, any_value(idle_timeout) AS idle_timeout
FROM margins JOIN sessions USING (session)
WHERE margin < $tight * idle_timeout GROUP BY session ORDER BY margin, session
"""


def look(evidence: Evidence) -> Checked:
    """By the pessimistic margin: send of the activity before + idle timeout − answer of this one."""
    tight = evidence.log.frame(_TIGHT, tight=TIGHT)
    n, of = int(tight["n"].sum()), evidence.keep_alives.margin.n
    if n < max(LEAST, SHARE * of):
        return None
    worst = tight.iloc[0]
    return Finding(
        "keepalive-too-tight",
        "warning",
        "modelled client",
        "certain",
        f"{n} of {of} keep-alives had less than {TIGHT:.0%} of the idle timeout to spare; the worst {worst['margin']:.1f} s of"
        f" {worst['idle_timeout']:g} s.",
        "Send keep-alives at half of activity_idle_timeout, or ask for a longer timeout: the answer has to come in time, too.",
        numbers(tight),
        chart="margins",
    )


CHECK = Check("keepalive-too-tight", look)
