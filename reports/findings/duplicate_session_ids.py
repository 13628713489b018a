"""`duplicate-session-ids`: the API gave the same id to several sessions."""

from __future__ import annotations

from loadtests.model.text.wording import count, verb
from reports.findings.check import Check
from reports.findings.evidence import Evidence, numbers, span
from reports.findings.finding import Checked, Finding

_REUSED = """
SELECT session, t / 1e9 AS t FROM events WHERE kind = 'new' AND outcome = 'ok'
QUALIFY count(*) OVER (PARTITION BY detail) > 1 ORDER BY session
"""


def check(evidence: Evidence) -> Checked:
    """Reports sessions whose `new` was answered with an id that another `new` got, too."""
    reused = evidence.log.frame(_REUSED)
    if reused.empty:
        return None
    return Finding(
        "duplicate-session-ids",
        "problem",
        "API",
        "certain",
        f"{count(len(reused), 'new request')} {verb(len(reused), 'was', 'were')} answered with an id that another one got, too.",
        "Report it to the API's support with the id. Calls with such an id affect another user's session, and the fates of these"
        " sessions are not reliable.",
        numbers(reused),
        span(reused["t"], reused["t"]),
        "sessions",
    )


CHECK = Check("duplicate-session-ids", check)
