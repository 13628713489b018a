"""Writes the report of a run: report.html, summary.json, sessions.parquet, junit.xml, summary.md, chart.svg and support.csv."""

from __future__ import annotations

import json
import logging
import math
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from html import escape
from pathlib import Path
from typing import Any

from reports.charts.renderer import Renderer
from reports.log.files import write_text
from reports.log.log import open_log, open_log_read_only
from reports.log.memory import give_back
from reports.log.report_lock import report_lock
from reports.output.junit import junit
from reports.output.markdown import markdown
from reports.output.session_table import write_session_table
from reports.output.support import support_table
from reports.page.audit_page import render_audit
from reports.page.page import ReportPage
from reports.page.picture import svg
from reports.page.ticket import ticket
from reports.page.watch_page import WatchPage
from reports.summary import Analysis, analyse

_log = logging.getLogger(__name__)

PAGE, SUMMARY, JUNIT, SUPPORT = "report.html", "summary.json", "junit.xml", "support.csv"
MARKDOWN, CHART = "summary.md", "chart.svg"


def build_report(run: Path, ticket_file: Path | None = None, last: float | None = None) -> Analysis:
    """Write the report into the directory `run`, and its first screen as a PNG to `ticket_file`. Raises InputError if `run` holds
    no run that can be read, RenderError or OSError if the PNG cannot be drawn or written. `last`: of the last seconds only.

    The figures are written first. Neither the picture nor the page can cost them: if one fails, the error is logged, and an
    empty picture or a page that says why stands in its place.
    """
    with report_lock(run), closing(open_log(run, last)) as log, Renderer() as renderer:
        analysis = analyse(log)
        write_text(run / SUMMARY, json.dumps(plain(analysis.summary), indent=1) + "\n")
        write_text(run / JUNIT, junit(analysis))
        write_session_table(log, analysis.findings, run)
        support = support_table(analysis.sessions, log.manifest.started_unix)
        write_text(run / SUPPORT, support.to_csv(index=False))
        give_back()
        page = WatchPage(analysis, renderer) if analysis.watched else ReportPage(analysis, renderer)
        with ThreadPoolExecutor(1) as thread:
            # The renderer draws the picture while the page is written here.
            drawing = thread.submit(_picture, page, renderer)
            write_text(run / PAGE, _rendered(page, analysis))
            picture = drawing.result()
        write_text(run / CHART, picture or _NO_CHART)
        write_text(run / MARKDOWN, markdown(analysis, f"![Sessions by who held the slot]({CHART})" if picture else ""))
        if ticket_file:
            ticket_file.write_bytes(ticket(analysis, page.drawing.specs.get("sessions"), renderer))
    return analysis


def _picture(page: ReportPage | WatchPage, renderer: Renderer) -> str:
    """The chart of sessions; "" where no session was held, or if it could not be drawn."""
    chart = page.drawing.specs.get("sessions")
    try:
        return svg(chart, renderer) if chart else ""
    except Exception:  # noqa: BLE001 - whatever it is, the rest of the report is written
        _log.exception("The picture could not be drawn")
        return ""


def _rendered(page: ReportPage | WatchPage, analysis: Analysis) -> str:
    try:
        return render_audit(analysis) if analysis.log.manifest.audit else page.render()
    except Exception as error:  # noqa: BLE001 - the figures are written already
        _log.exception("The page could not be drawn")
        why = f"This page could not be drawn: {type(error).__name__}: {error}. The figures are in {SUMMARY}."
        verdict = escape(analysis.verdict.result)
        return f'<!DOCTYPE html>\n<html lang="en"><title>{verdict}</title><p>{escape(why)}</p></html>\n'


_NO_CHART = '<svg xmlns="http://www.w3.org/2000/svg" width="1" height="1"/>\n'


def write_summary(run: Path) -> Analysis:
    """Analyse the run and write summary.json only, which is quick."""
    with report_lock(run), closing(open_log(run)) as log:
        analysis = analyse(log)
        write_text(run / SUMMARY, json.dumps(plain(analysis.summary), indent=1) + "\n")
    return analysis


def judge_run(run: Path) -> Analysis:
    """Analyse the run and write nothing."""
    with closing(open_log_read_only(run)) as log:
        return analyse(log)


def plain(value: Any) -> Any:
    """Return `value` for JSON, which has no infinity and no NaN: they become null."""
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, float):
        return round(value, 6) if math.isfinite(value) else None
    return value
