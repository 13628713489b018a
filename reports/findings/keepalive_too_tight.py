"""`keepalive-too-tight`: keep-alives that leave next to nothing of the idle timeout."""

from __future__ import annotations

import pandas as pd

from loadtests.model.text.units import format_duration
from loadtests.model.text.wording import of_total, percent
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


def check(evidence: Evidence) -> Checked:
    """Uses the pessimistic margin: send of the previous activity + idle timeout − answer of this one."""
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
        f"{of_total(n, of, 'keep-alive')} had a margin below {percent(TIGHT)} of the idle timeout; {_worst(worst)}.",
        "Send keep-alives at half of {idle_timeout}: the answer has to arrive in time, too. Otherwise use a longer one (up to"
        " {longest}).",
        numbers(tight),
        chart="margins",
    )


def _worst(keep_alive: pd.Series) -> str:
    margin, timeout = float(keep_alive["margin"]), format_duration(float(keep_alive["idle_timeout"]))
    if margin < 0:
        return f"the worst arrived {format_duration(-margin)} too late (idle timeout {timeout})"
    return f"the smallest margin was {format_duration(margin)} (idle timeout {timeout})"


CHECK = Check("keepalive-too-tight", check)
