"""Prints findings, and an audit's result, on standard output."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.text import Text

from loadtests.cli.result import RESULT_STYLES, SEVERITY_STYLES
from loadtests.cli.table import Table, open_console, print_table
from loadtests.model.text.units import format_duration
from loadtests.model.text.wording import count

if TYPE_CHECKING:
    from reports.audit.audit import Audit
    from reports.findings.finding import Finding
    from reports.summary import Analysis

_MOST_SESSIONS = 200
_SHORTEST_ID = 8


def print_audit(analysis: Analysis, folder: Path) -> None:
    """Print sessions, findings with advice, the verdict."""
    console = open_console()
    assert analysis.audit is not None
    if analysis.audit.sessions:
        print_table(console, audit_table(analysis.audit, console.is_terminal))
    if (more := len(analysis.audit.sessions) - _MOST_SESSIONS) > 0:
        console.print(f"… and {count(more, 'session')} more: see summary.json.")
    for finding in analysis.findings:
        print_finding(console, finding)
    console.print(Text(f"Full ids: {folder / 'summary.json'}. To write a page: streamsoak report {folder}"))
    verdict = analysis.verdict
    console.print(Text(verdict.sentence, style=RESULT_STYLES[verdict.result]))


def print_finding(console: Console, finding: Finding) -> None:
    """Print one finding and its advice."""
    style = SEVERITY_STYLES.get(finding.severity, "bold")
    text = f" {finding.name} ({finding.owner}): {finding.text}\n  → {finding.advice}"
    console.print(Text.assemble((finding.severity, style), text))


def shorten(ids: Collection[str]) -> dict[str, str]:
    """Returns a prefix of each id, all of one length: the shortest, of at least 8 characters, that distinguishes all of them.

    A shorter id stays whole.
    """
    known = set(ids)
    longest = max(map(len, known), default=0)
    lengths = range(_SHORTEST_ID, longest)
    length = next((length for length in lengths if len({full[:length] for full in known}) == len(known)), longest)
    return {full: full[:length] for full in known}


_HEADINGS = ("session", "id", "opened", "tasks", "keep-alives", "closed by", "findings")
_LEFT_OUT = "opened"
"""A terminal of 80 columns has no room for it beside the names of findings."""


def audit_table(audit: Audit, is_terminal: bool) -> Table:
    """Returns the table of sessions; a pipe has room for whole ids, and for everything."""
    shown = audit.sessions[:_MOST_SESSIONS]
    ids = [judged.life.id for judged in shown]
    short = shorten(ids) if is_terminal else {full: full for full in ids}
    left_out = {_LEFT_OUT} if is_terminal else set()
    table = Table([heading for heading in _HEADINGS if heading not in left_out])
    for judged in shown:
        life = judged.life
        cells: dict[str, str | Text] = {
            "session": str(life.number),
            "id": short[life.id],
            "opened": format_duration(life.new.t),
            "tasks": str(len(life.asked("task"))),
            "keep-alives": str(len(life.asked("keep_alive"))),
            "closed by": judged.closed_by,
            "findings": Text(judged.findings, style="yellow" if judged.facts else "green"),
        }
        table.add(*(cells[heading] for heading in table.headings))
    return table
