"""The figures behind each section of the report's page."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from loadtests.model.log.fate import FATES, in_words
from loadtests.model.text.palette import fill
from loadtests.model.text.wording import count, of_total, percent
from reports.analysis.counterfactual import ASSUMPTIONS
from reports.analysis.slots import HOLDERS
from reports.findings.finding import Finding
from reports.output.support import support_table
from reports.page.document import number
from reports.page.explorer import Choice, explorer_rows
from reports.page.gantt import MOST_BARS, worst_leaks
from reports.page.timeline import KINDS, OUTCOMES, build_timelines
from reports.summary import Analysis

MOST_LEAKS = 100
MOST_SUPPORT_ROWS = 500
_NOTES_OF_A_SESSION = 10


def findings(analysis: Analysis, charted: Sequence[str], choice: Choice) -> dict[str, Any]:
    """Each finding, and where on the page it leads."""
    return {"findings": [_finding(finding, charted, choice) for finding in analysis.findings]}


def _finding(finding: Finding, charted: Sequence[str], choice: Choice) -> dict[str, Any]:
    drawn = sorted(
        (name for name in charted if finding.chart and name.split("-")[0] == finding.chart),
        key=lambda name: _place(name, finding.text),
    )
    shown = int(choice.sessions["session"].isin(finding.sessions).sum())
    return {
        **vars(finding),
        "target": f"chart-{drawn[0]}" if drawn else None,
        "shown": _shown(shown, len(finding.sessions)),
    }


def _place(chart: str, text: str) -> int:
    """Return where the sentence names the call that a chart like `latency-stop` is of; those that it does not name come last."""
    found = re.search(rf"\b{re.escape(chart.partition('-')[2])}\b", text) if "-" in chart else None
    return found.start() if found else len(text) + ("-" in chart)


def _shown(shown: int, of: int) -> str:
    if not shown:
        return ""
    return f"See {count(of, 'session')}" if shown == of else f"See {of_total(shown, of, 'session')}"


def explorer(analysis: Analysis, choice: Choice) -> dict[str, Any]:
    """The chosen sessions with their timelines, for the page's script."""
    timelines = build_timelines(analysis.log, [int(number) for number in choice.sessions["session"]])
    rows = explorer_rows(choice, _findings_by_session(analysis), timelines)
    return {
        "kinds": KINDS,
        "outcomes": OUTCOMES,
        "fates": {fate: in_words(fate) for fate in FATES},
        "holders": HOLDERS,
        "fills": [fill(holder) for holder in HOLDERS],
        "sessions": rows,
    }


def _findings_by_session(analysis: Analysis) -> dict[int, list[str]]:
    """The findings that name each session; in an audit with the facts that show them."""
    found: dict[int, list[str]] = {}
    for finding in analysis.findings:
        facts = analysis.audit.facts.get(finding.name, {}) if analysis.audit else {}
        for session in finding.sessions:
            note = f"{finding.name}: {facts[session]}" if session in facts else finding.name
            found.setdefault(session, []).append(note)
    return {number: notes[:_NOTES_OF_A_SESSION] for number, notes in found.items()}


def slots(analysis: Analysis) -> dict[str, Any]:
    """Who held the slots over the run, and at the concurrency hits."""
    seconds, shares = analysis.slots.seconds, analysis.hits.held_by
    total = sum(seconds.values())
    held = {holder: seconds[holder] / total if total else 0.0 for holder in HOLDERS}
    return {
        "holders": [holder for holder in HOLDERS if seconds[holder]],
        "holders_all": HOLDERS,
        "slot_parts": [
            _part(
                holder, holder, seconds[holder], held[holder], f"{_seconds(seconds[holder])} ({percent(held[holder])})"
            )
            for holder in HOLDERS
        ],
        "hit_parts": [_part(holder, holder, share, share, percent(share)) for holder, share in shares.items()],
        "assumptions": ASSUMPTIONS,
        "bar": _bar,
    }


def leaks(analysis: Analysis) -> dict[str, Any]:
    """The fates of all sessions, the worst leaks, and the file for the API's support."""
    sessions, fates = analysis.sessions, analysis.summary["sessions"]["fates"]
    worst = worst_leaks(sessions, analysis.log_end, MOST_LEAKS)
    support = support_table(sessions, analysis.log.manifest.started_unix)
    text = support.head(MOST_SUPPORT_ROWS).to_csv(index=False)
    return {
        "leaks": [{str(key): value for key, value in row.items()} for row in worst.to_dict("records")],
        "leaks_total": int(sessions["leak"].sum()),
        "leak_bars": MOST_BARS,
        "fate_parts": [
            _part(in_words(fate), fate, fates[fate], fates[fate] / max(len(sessions), 1), number(fates[fate]))
            for fate in FATES
        ],
        "support": {
            "rows": min(len(support), MOST_SUPPORT_ROWS),
            "total": len(support),
            "url": f"data:text/csv;charset=utf-8;base64,{base64.b64encode(text.encode()).decode()}",
        },
    }


def _part(name: str, kind: str, value: float, share: float, shown: str) -> dict[str, Any]:
    return {"name": name, "class": kind, "value": value, "share": share, "shown": shown}


def _bar(value: int, replay: Mapping[str, Any]) -> str:
    """The length of a bar of the counterfactual, in percent."""
    return f"{100 * value / max(replay['measured'], replay['first_attempts'], 1):.1f}"


def drift(analysis: Analysis, latency: pd.DataFrame) -> dict[str, Any]:
    """By operation, its median in the first and in the last fifth of the load: the median of the columns' medians."""
    load = analysis.log.manifest.load_ended or analysis.log_end
    ends = {}
    for kind, own in latency.groupby("kind"):
        early, late = own["t"] < load / 5, (own["t"] >= load * 4 / 5) & (own["t"] < load)
        ends[str(kind)] = (_median(own.loc[early, "p50"]), _median(own.loc[late, "p50"]))
    return {"ends": ends}


def _median(values: pd.Series[float]) -> float | None:
    return float(values.median()) if len(values) else None


def profiles(analysis: Analysis) -> dict[str, Any]:
    """Each profile's sessions, turns, keep-alives, fates and calls."""
    rows = []
    sessions, calls = analysis.sessions, analysis.calls.by_profile
    for name in sorted({*sessions["profile"], *calls["profile"]}):
        own = sessions[sessions["profile"] == name]
        rows.append(
            {
                "name": name,
                "did": ", ".join(
                    (
                        count(len(own), "session"),
                        count(int(own["turns"].sum()), "turn"),
                        count(int(own["keep_alives"].sum()), "keep-alive"),
                    )
                ),
                "fates": {str(fate): int(n) for fate, n in own["fate"].value_counts().items()},
                "calls": calls[calls["profile"] == name].to_dict("records"),
            }
        )
    return {"profiles": rows}


def _seconds(value: float) -> str:
    return f"{value:,.0f} s" if value >= 100 else f"{value:.1f} s"
