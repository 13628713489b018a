"""The page of an audit: what to fix, how, and the calls that show it; then what was checked and holds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from loadtests.model.log.record import Observation
from loadtests.model.text.wording import count
from reports.analysis.client import Client, ClientCall, Life, as_dict
from reports.audit.audit import Audit
from reports.audit.catalogue import CALL_CHECKS, PASSED
from reports.findings.finding import Finding
from reports.html.document import embedded, environment
from reports.html.figures import PageFigures
from reports.summary import Analysis

MOST_SESSIONS_SHOWN = 3
"""Sessions whose calls are shown for each finding."""
_MOST_CALLS = 14
_FIRST_CALLS = 4
_MOST_LISTED = 400
_SEVERITIES = ("problem", "warning")


def render_audit(analysis: Analysis) -> str:
    """The page: no request leaves it, whatever is in the log is text in it."""
    audit = analysis.audit
    assert audit
    findings = analysis.findings
    names = {finding.name for finding in findings}
    numbers = [(sum(finding.severity == severity for finding in findings), severity) for severity in _SEVERITIES]
    passed = [holds for name, holds in PASSED.items() if name not in names] if audit.has_checked else []
    return (
        environment()
        .get_template("audit.html")
        .render(
            s=analysis.summary,
            fig=PageFigures(audit_figures(analysis, len(passed))),
            verdict=analysis.verdict,
            manifest=analysis.log.manifest,
            problems=_problems(analysis),
            found=[_finding(finding, audit) for finding in findings],
            told=", ".join(count(number, severity) for number, severity in numbers if number) or "Nothing to fix",
            passed=passed,
            calls=audit.client.calls,
            refused=len(audit.client.refused),
            sessions=[
                {**as_dict(judged.life), "verdict": judged.findings, "is_wrong": bool(judged.facts)}
                for judged in audit.sessions[:_MOST_LISTED]
            ],
            total=len(audit.sessions),
            charts=embedded({}),
            library="",
        )
    )


def audit_figures(analysis: Analysis, passed: int) -> dict[str, Any]:
    """The figures of the page: those of summary.json, and how many problems, sessions and checks that `passed` there are."""
    sessions = analysis.audit.sessions if analysis.audit else ()
    counts = {"problem_count": _problems(analysis), "session_count": len(sessions), "passed_count": passed}
    return {**analysis.summary, **counts}


def _problems(analysis: Analysis) -> int:
    return sum(finding.severity == "problem" for finding in analysis.findings)


def _finding(finding: Finding, audit: Audit) -> dict[str, Any]:
    """A finding with the calls that show it: by session, or those of no single session."""
    facts = audit.facts.get(finding.name, {})
    lives = {judged.life.number: judged.life for judged in audit.sessions}
    shown = [number for number in sorted(facts) if number in lives][:MOST_SESSIONS_SHOWN]
    client = audit.client
    groups = [{"title": f"Session {number}: {facts[number]}", **_calls_of(lives[number], client)} for number in shown]
    check = next((check for check in CALL_CHECKS if check.name == finding.name), None)
    if check and (calls := check.calls(audit.client)):
        groups.append({"title": "", **_shortened([_row(call) for call in calls])})
    return {**vars(finding), "groups": groups, "more": len(facts) - len(shown)}


def _calls_of(life: Life, client: Client) -> dict[str, Any]:
    """What happened in one session, in the order of time."""
    rows = [(call.t, _row(call)) for call in (life.new, *life.calls)]
    rows += [(note.t, _row(note)) for kind in _SHOWN_NOTES for note in client.noted(kind, life.number)]
    if life.reaped is not None:
        rows.append((life.reaped, {"t": life.reaped, "kind": "", "answer": "closed by the API", "is_bad": True}))
    return _shortened([row for _, row in sorted(rows, key=lambda pair: pair[0])])


_SHOWN_NOTES = {
    Observation.UNKNOWN_CALL: "no call of the API",
    Observation.UNAUTHORIZED_CALL: "refused for its key",
    Observation.TOKEN_REUSED: "for another session with this one’s token: refused",
}
"""Requests that name a session and are no calls on it, with their answers."""


def _row(call: ClientCall) -> dict[str, Any]:
    if call.kind in _SHOWN_NOTES:
        return {"t": call.t, "kind": call.detail, "answer": _SHOWN_NOTES[Observation(call.kind)], "is_bad": True}
    refused = f"{call.reason}{f': {call.detail}' if call.kind == 'new' and call.detail else ''}"
    answer = (
        "ok"
        if call.ok and call.status
        else "ok, but its answer was lost"
        if call.ok
        else f"HTTP {call.status}, {refused}"
    )
    return {"t": call.t, "kind": call.kind, "answer": answer, "is_bad": not call.ok or not call.status}


def _shortened(rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """The first and the last of many calls, with the number of those between."""
    if len(rows) <= _MOST_CALLS:
        return {"first": rows, "left_out": 0, "last": []}
    last = _MOST_CALLS - _FIRST_CALLS
    return {"first": rows[:_FIRST_CALLS], "left_out": len(rows) - _MOST_CALLS, "last": rows[-last:]}
