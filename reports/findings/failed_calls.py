"""`failed-calls`: calls that failed for a reason that no other finding names, in the API's own words."""

from __future__ import annotations

from loadtests.model.api.answer import Reason
from loadtests.model.text.wording import of_total, percent
from reports.findings.check import Check
from reports.findings.evidence import Evidence
from reports.findings.failures import Failures
from reports.findings.finding import Checked, Finding, Severity

MUCH, LITTLE = 0.05, 0.01
"""Share of the calls of a kind from which the finding is a problem, and a run cannot pass; below the second it is a note."""

LEAST = 3
"""Failed calls below which the share says little."""

DOCUMENTED = frozenset({Reason.SESSION_FULL, Reason.STATE, Reason.UNAUTHORIZED, Reason.INVALID})
"""Refusals that the API documents: never more than a warning."""

NAMED_ELSEWHERE = frozenset(
    {
        Reason.CONCURRENCY,
        Reason.RATE,
        Reason.QUOTA,
        Reason.CLOSED,
        Reason.MISSING,
        Reason.TIMEOUT,
        Reason.RESET,
        Reason.CUT,
        Reason.UNREADABLE,
        Reason.SERVER_ERROR,
        Reason.REDIRECT,
        Reason.TOO_LARGE,
        Reason.STALE,
        Reason.CONNECT,
        Reason.OUT_OF_RESOURCES,
    }
)
"""Reasons that have findings of their own."""

_NOT_SENT = frozenset({Reason.CONNECT, Reason.OUT_OF_RESOURCES})

_MESSAGE = """
SELECT detail AS message FROM events WHERE outcome = 'fail' AND reason = $reason AND kind = $kind AND detail IS NOT NULL
GROUP BY detail ORDER BY count(*) DESC, detail LIMIT 1
"""
_LONGEST_MESSAGE = 120


def check(evidence: Evidence) -> Checked:
    """Reports refusals, and calls that could not be sent, by call and reason, with the API's most frequent message."""
    failed = unnamed(evidence.failures)
    if not failed.n:
        return None
    unknown = failed.where(lambda row: row.reason not in DOCUMENTED)
    is_problem = unknown.n >= LEAST and worst_share(unknown) >= MUCH
    severity: Severity = "problem" if is_problem else "warning" if worst_share(failed) >= LITTLE else "note"
    return Finding(
        "failed-calls",
        severity,
        "API",
        "likely",
        describe(evidence, failed),
        "Read the API's message. If it refuses a full account in these words, add them to the refusal patterns, so that they"
        " count as concurrency hits.",
        interval=failed.interval,
        chart="hits",
    )


def doubt(evidence: Evidence) -> str:
    """Returns why so many failed calls keep a run from passing; "" if they are few."""
    failed = evidence.failures.where(lambda row: row.kind != "list" and _keeps_from_passing(row.reason))
    return describe(evidence, failed).rstrip(".") if failed.n >= LEAST and worst_share(failed) >= MUCH else ""


def _keeps_from_passing(reason: str) -> bool:
    return reason in _NOT_SENT or reason not in NAMED_ELSEWHERE


def unnamed(failures: Failures) -> Failures:
    """Returns the failures of people's calls that no other finding names."""
    return failures.where(lambda row: row.kind != "list" and row.reason not in NAMED_ELSEWHERE)


def worst_share(failed: Failures) -> float:
    """Returns the largest share of failed calls of any kind."""
    kinds = {row.kind for row in failed.rows}
    return max(
        (sum(row.n for row in failed.rows if row.kind == kind) / failed.sent[kind] for kind in kinds), default=0.0
    )


def describe(evidence: Evidence, failed: Failures) -> str:
    """Returns one sentence: how many calls of which kind failed, and why."""
    parts = []
    for row in failed.rows[:3]:
        sent = failed.sent[row.kind]
        message = evidence.log.records(_MESSAGE, reason=row.reason, kind=row.kind)
        said = f": “{str(message[0]['message'])[:_LONGEST_MESSAGE]}”" if message else ""
        status = f"HTTP {row.status}, " if row.status else ""
        parts.append(
            f"{of_total(row.n, sent, f'{row.kind} call')} ({percent(row.n / sent)}) failed ({status}{row.reason}{said})"
        )
    return f"{'; '.join(parts)}."


CHECK = Check("failed-calls", check)
