"""An audit's result on the terminal."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.markup import escape
from rich.table import Column, Table

if TYPE_CHECKING:
    from reports.audit.audit import Audit, AuditResult
    from reports.findings.finding import Finding
    from reports.summary import Analysis

_RESULTS = {"pass": "green", "fail": "bold red", "unknown": "yellow"}
_SEVERITIES = {"problem": "bold red", "warning": "yellow"}
MOST_SESSIONS = 200


def show(analysis: Analysis, folder: Path) -> None:
    """Print sessions, findings with advice, the verdict."""
    console = Console(highlight=False)
    assert analysis.audit is not None
    if analysis.audit.sessions:
        console.print(_table(analysis.audit))
    if (more := len(analysis.audit.sessions) - MOST_SESSIONS) > 0:
        console.print(f"… and {more} sessions more: see summary.json.")
    for finding in analysis.findings:
        console.print(_said(finding), soft_wrap=True)
    verdict = analysis.verdict
    console.print(f"[{_RESULTS[verdict.result]}]{verdict.result}[/] {escape(verdict.sentence)}", soft_wrap=True)
    console.print(f"The log is in {escape(str(folder))}: streamsoak report makes a page of it.", soft_wrap=True)


def _table(audit: Audit) -> Table:
    table = Table("session", Column("id", overflow="fold"), "opened", "closed by", "tasks", "keep-alives")
    table.add_column("verdict", no_wrap=True)
    for judged in audit.sessions[:MOST_SESSIONS]:
        life = judged.life
        table.add_row(
            str(life.number),
            escape(life.id),
            f"{life.new.t:.1f} s",
            _closed_by(judged),
            str(len(life.asked("task"))),
            str(len(life.asked("keep_alive"))),
            f"[{'yellow' if judged.facts else 'green'}]{judged.verdict}[/]",
        )
    return table


def _closed_by(judged: AuditResult) -> str:
    life = judged.life
    if life.ended is None:
        return "nobody"
    return f"{'client' if life.stopped is not None else 'API, idle'}, {life.ended:.1f} s"


def _said(finding: Finding) -> str:
    style = _SEVERITIES.get(finding.severity, "bold")
    said = escape(f"{finding.name} ({finding.owner}): {finding.text}\n  → {finding.advice}")
    return f"[{style}]{finding.severity}[/] {said}"
