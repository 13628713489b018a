"""From a run's directory to its report: report.html, summary.json, junit.xml, summary.md, chart.svg, support.csv."""

from __future__ import annotations

import json
import math
from contextlib import closing
from pathlib import Path
from typing import Any

from reports.log.log import open_log
from reports.output.junit import junit
from reports.output.markdown import markdown
from reports.output.support import support_table
from reports.page.library import library
from reports.summary import Analysis, analyse

PAGE, SUMMARY, JUNIT, SUPPORT = "report.html", "summary.json", "junit.xml", "support.csv"
MARKDOWN, CHART = "summary.md", "chart.svg"


def build_report(run: Path) -> Analysis:
    """Write the report into the directory `run`. Raises InputError if it holds no run that can be read."""
    from reports.page.page import render
    from reports.page.picture import svg

    with library() as script, closing(open_log(run)) as log:
        analysis = analyse(log)
        write_text(run / SUMMARY, json.dumps(plain(analysis.summary), indent=1) + "\n")
        write_text(run / JUNIT, junit(analysis))
        chart = svg(analysis)
        write_text(run / CHART, chart or _NO_CHART)
        write_text(run / MARKDOWN, markdown(analysis, f"![Sessions by who held the slot]({CHART})" if chart else ""))
        write_text(run / PAGE, render(analysis, script()))
        support_table(analysis.sessions, log.manifest.started_unix).to_csv(run / SUPPORT, index=False)
    return analysis


_NO_CHART = '<svg xmlns="http://www.w3.org/2000/svg" width="1" height="1"/>\n'


def write_summary(run: Path) -> Analysis:
    """The same analysis, of which only summary.json is written: in a moment."""
    analysis = judge_run(run)
    write_text(run / SUMMARY, json.dumps(plain(analysis.summary), indent=1) + "\n")
    return analysis


def judge_run(run: Path) -> Analysis:
    """The same analysis, nothing written."""
    with closing(open_log(run)) as log:
        return analyse(log)


def plain(value: Any) -> Any:
    """JSON has no infinity and no NaN: what was not measured is null."""
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, float):
        return round(value, 6) if math.isfinite(value) else None
    return value


def write_text(path: Path, text: str) -> None:
    """Write it in one step, so that a reader never sees half of it. Raises OSError."""
    partial = path.with_name(f".{path.name}")
    partial.write_text(text, encoding="utf-8")
    partial.replace(path)
