"""The figures behind each section of the report's page."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping, Sequence
from functools import cache, partial
from typing import Any

import pandas as pd

from loadtests.model.log.fate import FATES, in_words
from loadtests.model.text.palette import fill
from loadtests.model.text.wording import count, of_total
from reports.analysis.counterfactual import ASSUMPTIONS
from reports.analysis.slots import HOLDERS
from reports.charts.vegalite import rows_of
from reports.findings.check import ORDER
from reports.findings.finding import Finding
from reports.html.figures import wall_clock
from reports.output.support import support_table
from reports.page.explorer import Choice, explorer_rows
from reports.page.gantt import MOST_BARS, worst_leaks
from reports.page.timeline import KINDS, OUTCOMES, build_timelines
from reports.summary import Analysis

MOST_LEAKS = 100
MOST_EPISODES = 100
MOST_SUPPORT_ROWS = 500
_FINDINGS_OF_A_SESSION = 10
_LEAST_SLOTS = 0.05
"""A holder of fewer slots would be shown with none."""


def findings(analysis: Analysis, charted: Sequence[str], choice: Choice) -> dict[str, Any]:
    """Each finding, by its owner, and where on the page it leads."""
    shown = [_finding(finding, charted, choice) for finding in analysis.findings]
    own = {
        owner: [each for each in shown if each["owner"] == owner and each["severity"] != "modelled"]
        for owner in _OWNERS
    }
    groups = [(_OWNERS[owner], sorted(found, key=_rank)) for owner, found in own.items() if found]
    return {
        "groups": sorted(groups, key=lambda group: _rank(group[1][0])),
        "modelled": [each for each in shown if each["severity"] == "modelled"],
    }


_OWNERS = {
    "API": "The API",
    "your client": "Your client",
    "modelled client": "The clients",
    "account limit": "The account",
    "generator": "The load generator",
}
"""In the order in which owners of equally severe findings are named."""


def _rank(finding: Mapping[str, Any]) -> tuple[bool, int]:
    """Problems first, notes on samples last."""
    return finding["name"] == "too-few-samples", ORDER.index(finding["severity"])


def figures(analysis: Analysis) -> dict[str, Any]:
    """The figures of the page: summary.json's, and others by functions, so that one that fails costs its section alone."""
    summary = analysis.summary
    opened, seconds = summary["sessions"]["opened"], sum(summary["slot_seconds"].values())
    return {
        **summary,
        "reason": analysis.verdict.reason,
        "doubts": "; ".join(summary["generator"]["doubts"]),
        "wall": wall_clock(summary["started"], 0.0 if analysis.log.manifest.simulated else summary["duration"]),
        "leaked_share": summary["sessions"]["leaked"] / opened if opened else None,
        "slot_shares": {holder: part / seconds if seconds else 0.0 for holder, part in summary["slot_seconds"].items()},
        "episodes": cache(partial(_episodes, analysis)),
        "episodes_shown": min(len(analysis.hits.episodes), MOST_EPISODES),
        "episode_count": len(analysis.hits.episodes),
        "support": cache(partial(_support, analysis)),
        "leak_rows": cache(partial(_leak_rows, analysis)),
        "profiles": cache(lambda: profiles(analysis)["profiles"]),
        "coverage": cache(partial(_coverage, analysis)),
    }


def _coverage(analysis: Analysis) -> list[dict[str, Any]]:
    rows = analysis.keep_alives.coverage
    return rows_of(rows.assign(uncovered=rows["periods"] - rows["covered"]))


def first(analysis: Analysis) -> dict[str, Any]:
    """Who held the slots, over the run and at the hits."""
    held = analysis.hits.slots
    return {
        "holders": _holders(analysis),
        "holders_at_hits": [name for name in HOLDERS if held.get(name, 0.0) >= _LEAST_SLOTS],
    }


def _episodes(analysis: Analysis) -> list[dict[str, Any]]:
    """The worst first: those with the most hits."""
    return sorted(analysis.hits.episodes, key=lambda episode: (-episode["hits"], episode["low"]))[:MOST_EPISODES]


def _holders(analysis: Analysis) -> list[str]:
    return [holder for holder in HOLDERS if analysis.slots.totals[holder].any()]


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
    """The names of the findings that name each session."""
    found: dict[int, list[str]] = {}
    for finding in analysis.findings:
        for session in finding.sessions:
            found.setdefault(session, []).append(finding.name)
    return {number: names[:_FINDINGS_OF_A_SESSION] for number, names in found.items()}


def slots(analysis: Analysis) -> dict[str, Any]:
    """Who held the slots over the run, and each episode of hits."""
    seconds = analysis.slots.seconds
    return {
        "holders": [holder for holder in HOLDERS if seconds[holder]],
        "holders_all": HOLDERS,
        "assumptions": ASSUMPTIONS,
        "episodes": _episodes(analysis),
        "episodes_total": len(analysis.hits.episodes),
    }


def leaks(analysis: Analysis) -> dict[str, Any]:
    """The fates of all sessions, the worst leaks, and the file for the API's support."""
    sessions, fates = analysis.sessions, analysis.summary["sessions"]["fates"]
    return {
        "leaks": _leak_rows(analysis),
        "leaks_total": len(analysis.leaks),
        "leak_bars": MOST_BARS,
        "fate_parts": [
            _part(in_words(fate), fate, fates[fate], fates[fate] / max(len(sessions), 1), f"sessions/fates/{fate}")
            for fate in FATES
        ],
        "support": _support(analysis),
    }


def _support(analysis: Analysis) -> dict[str, Any]:
    rows = support_table(analysis.sessions, analysis.log.manifest.started_unix)
    text = rows.head(MOST_SUPPORT_ROWS).to_csv(index=False)
    return {
        "rows": min(len(rows), MOST_SUPPORT_ROWS),
        "total": len(rows),
        "url": f"data:text/csv;charset=utf-8;base64,{base64.b64encode(text.encode()).decode()}",
    }


def _leak_rows(analysis: Analysis) -> list[dict[str, Any]]:
    worst = worst_leaks(analysis.leaks, analysis.log_end, MOST_LEAKS)
    return [{str(key): value for key, value in row.items()} for row in worst.to_dict("records")]


def _part(name: str, kind: str, value: float, share: float, path: str) -> dict[str, Any]:
    return {"name": name, "class": kind, "value": value, "share": share, "path": path}


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
    sessions, calls = analysis.sessions[["profile", "turns", "keep_alives", "fate"]], analysis.calls.by_profile
    for name in sorted({*sessions["profile"].unique(), *calls["profile"]}):
        own = sessions[sessions["profile"] == name]
        rows.append(
            {
                "name": name,
                "sessions": len(own),
                "turns": int(own["turns"].sum()),
                "keep_alives": int(own["keep_alives"].sum()),
                "fates": {str(fate): int(n) for fate, n in own["fate"].value_counts().items()},
                "calls": calls[calls["profile"] == name].to_dict("records"),
            }
        )
    return {"profiles": rows}
