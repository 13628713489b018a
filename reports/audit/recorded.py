"""What differs when the clients are those of a recording: there are many, some are still at work, and the API is real."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace

from loadtests.model.api.answer import GONE
from loadtests.model.run.manifest import Manifest
from loadtests.model.text.wording import count, listed, verb
from reports.analysis.client import Client
from reports.audit import calls, credentials, keepalives, open_sessions
from reports.audit.catalogue import CALL_CHECKS, CHECKS
from reports.audit.check import AuditCheck, CallCheck, Facts
from reports.findings.finding import Finding
from reports.verdict.verdict import Result, Verdict

# Many people open sessions at the same time: that one is not used again says nothing about the next.
RECORDED_CHECKS: tuple[AuditCheck, ...] = tuple(check for check in CHECKS if check is not open_sessions.DOUBLE_OPEN)

_AT_THE_END = frozenset(
    check.name
    for check in (
        open_sessions.UNCLOSED,
        open_sessions.NO_STOP_AFTER_FAILED_START,
        open_sessions.LOST_ANSWERS,
        keepalives.ZOMBIE_KEEP_ALIVES,
    )
)
"""Checks of sessions that have ended: the others may still be closed, or their person may be quiet."""

_MAY_BE_MANY = frozenset({"retry-storm", "ignored-concurrency-errors"})
"""Findings that take calls at about the same time for one client's."""


def recorded_facts(check: AuditCheck, client: Client) -> Facts:
    """The facts of a check; of some checks only those of sessions that have ended."""
    facts = check.facts(client)
    if check.name not in _AT_THE_END:
        return facts
    ended = {life.number for life in client.lives if life.ended is not None}
    return {number: fact for number, fact in facts.items() if number in ended}


def recorded_call_findings(client: Client) -> list[Finding]:
    """The findings that do not belong to a single session."""
    found = (_finding(check, client) for check in CALL_CHECKS)
    return [finding for finding in found if finding is not None]


def of_one_client(findings: list[Finding]) -> list[Finding]:
    """The findings without those that may be of several clients: there is nothing in them to fix first."""
    return [finding for finding in findings if finding.name not in _MAY_BE_MANY]


def _finding(check: CallCheck, client: Client) -> Finding | None:
    if check is calls.WITHOUT_SESSION:
        # A session that the API does not know may have been there before the recording.
        client = replace(client, stray=tuple(call for call in client.stray if call.reason not in GONE))
    finding = check.find(client)
    if finding is None:
        return None
    if finding.name in _MAY_BE_MANY:
        return replace(finding, severity="warning", text=f"{finding.text} They may be of several clients.")
    if check is credentials.UNAUTHORIZED:
        refused = len(check.calls(client))
        return replace(
            finding,
            text=f"The API refused the key of {count(refused, 'call')}.",
            advice="Find the client whose key is missing, wrong or has expired.",
        )
    return finding


def judge_recording(client: Client, findings: list[Finding], manifest: Manifest) -> Verdict:
    """Return fail if there is a problem; unknown if no session was opened, or if calls are missing; else pass."""
    problems = [finding for finding in findings if finding.severity == "problem"]
    result: Result = "fail" if problems else "pass"
    still = sum(life.ended is None for life in client.lives)
    open_now = f"; {still:,} {verb(still, 'is', 'are')} still open" if still else ""
    if problems:
        sentence = f"Failed: {', '.join(finding.name for finding in problems)}."
    elif not client.lives:
        result, sentence = "unknown", f"Inconclusive: no session was opened{_why(client)}."
    elif manifest.lost_events:
        result, sentence = "unknown", f"Inconclusive: {count(manifest.lost_events, 'call')} could not be recorded."
    else:
        sentence = f"Passed: {count(len(client.lives), 'session')} without a problem{open_now}."
    return Verdict(result, sentence, [])


def _why(client: Client) -> str:
    reasons: Mapping[str, int] = Counter(call.reason for call in client.refused)
    told = listed((n, reason) for reason, n in sorted(reasons.items(), key=lambda each: -each[1]))
    return f" in {count(client.calls, 'call')}" + (f" ({told})" if told else "")
