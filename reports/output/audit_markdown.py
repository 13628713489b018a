"""An audit as Markdown, for a pipeline's job page: verdict, findings with their fixes and sessions, a table of the sessions."""

from __future__ import annotations

from collections.abc import Iterator

from loadtests.model.text.units import format_duration
from loadtests.model.text.wording import count
from reports.audit.audit import Audit, AuditResult
from reports.findings.finding import Finding
from reports.output.markdown_text import escaped, table
from reports.summary import Analysis

_MOST_FINDINGS = 20
_MOST_IDS = 5
_MOST_SESSIONS = 100
_HEAD = ("session", "id", "opened", "tasks", "keep-alives", "closed by", "findings")


def audit_markdown(analysis: Analysis, audit: Audit) -> str:
    """Return the text."""
    verdict, findings = analysis.verdict, analysis.findings
    parts = [
        f"### streamsoak audit: {verdict.word}",
        escaped(verdict.reason),
        *(_finding(finding, audit) for finding in findings[:_MOST_FINDINGS]),
        *(
            [f"… and {count(len(findings) - _MOST_FINDINGS, 'more finding')}."]
            if len(findings) > _MOST_FINDINGS
            else []
        ),
        *table(_HEAD, map(_row, audit.sessions[:_MOST_SESSIONS])),
        *([_more(len(audit.sessions))] if len(audit.sessions) > _MOST_SESSIONS else []),
        _end(analysis),
    ]
    return "\n\n".join(parts) + "\n"


def _finding(finding: Finding, audit: Audit) -> str:
    lines = [
        f"- **{finding.severity}** {escaped(finding.name)}: {escaped(finding.text)}",
        f"  Fix: {escaped(finding.advice)}",
    ]
    return "  \n".join([*lines, *_sessions(finding, audit)])


def _sessions(finding: Finding, audit: Audit) -> Iterator[str]:
    """Yield the line with the ids of the finding's sessions, if it has any."""
    ids = {judged.life.number: judged.life.id for judged in audit.sessions}
    shown = [f"{number} ({escaped(ids[number])})" for number in finding.sessions if number in ids]
    if shown:
        more = f" and {len(shown) - _MOST_IDS:,} more" if len(shown) > _MOST_IDS else ""
        yield f"  {'Session' if len(shown) == 1 else 'Sessions'}: {', '.join(shown[:_MOST_IDS])}{more}"


def _row(judged: AuditResult) -> tuple[str, ...]:
    life = judged.life
    return (
        str(life.number),
        life.id,
        format_duration(life.new.t),
        f"{len(life.asked('task')):,}",
        f"{len(life.asked('keep_alive')):,}",
        judged.closed_by,
        judged.findings,
    )


def _more(sessions: int) -> str:
    return f"… and {count(sessions - _MOST_SESSIONS, 'more session')}: see summary.json."


def _end(analysis: Analysis) -> str:
    summary = analysis.summary
    ended = summary["end_reason"] or "it was cut off"
    return f"Audit {escaped(summary['run'])}, {format_duration(summary['duration'])}; {escaped(ended)}."
