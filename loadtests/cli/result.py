"""Prints the result of a run in a few lines: the verdict with its reasons, the findings by owner, the report's path."""

from __future__ import annotations

from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.text import Text

from loadtests.model.text.wording import count

if TYPE_CHECKING:
    from reports.findings.finding import Finding
    from reports.summary import Analysis

RESULT_STYLES = {"pass": "green", "fail": "bold red", "unknown": "yellow"}
"""Of a verdict or a gate, on a terminal."""
SEVERITY_STYLES = {"problem": "bold red", "warning": "yellow"}
_SHOWN = ("problem", "warning", "unknown")
_MOST_FINDINGS = 10


def print_result(console: Console, analysis: Analysis, page: Path) -> None:
    """Prints the lines; `page` is the report's file."""
    verdict = analysis.verdict
    console.print(Text(verdict.sentence, style=RESULT_STYLES[verdict.result]))
    shown = [finding for finding in analysis.findings if finding.severity in _SHOWN]
    for owner, findings in groupby(sorted(shown[:_MOST_FINDINGS], key=_owner), key=_owner):
        console.print(Text(f"  {owner}:"))
        for finding in findings:
            severity = (finding.severity, SEVERITY_STYLES.get(finding.severity, "bold"))
            console.print(Text.assemble("    ", severity, f" {finding.name}: {finding.text}"))
    if (more := len(analysis.findings) - len(shown[:_MOST_FINDINGS])) > 0:
        console.print(Text(f"  {count(more, 'more finding')} in the report"))
    console.print(Text(f"Report: {page.resolve()}"), soft_wrap=True)


def _owner(finding: Finding) -> str:
    return finding.owner
