"""An Analysis becomes one page that stands alone."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping
from typing import Any

import pandas as pd
from markupsafe import Markup

from loadtests.model.log.fate import FATES
from reports.analysis.counterfactual import ASSUMPTIONS
from reports.analysis.latency import over_time
from reports.analysis.slots import HOLDERS
from reports.findings.finding import Finding
from reports.output.support import support_table
from reports.page import charts
from reports.page.document import embedded, environment, number
from reports.page.explorer import Choice, choose_sessions, clipped, explorer_rows
from reports.page.gantt import MOST_BARS, worst_leaks
from reports.page.stages import build_stages
from reports.page.timechart import Spec
from reports.page.timeline import KINDS, OUTCOMES, build_timelines
from reports.summary import Analysis

MOST_LEAKS = 100
MOST_SUPPORT_ROWS = 500
_NOTES_OF_A_SESSION = 10

_FATE_CLASSES = {"closed": "good", "censored": "neutral", "capped": "neutral", "expired": "odd", "unobserved": "odd"}
"""Of the rest: bad, but for leaks that the API reaped or we closed, which have the leaks' colour."""


def render(analysis: Analysis, library: Markup) -> str:
    """The page: no request leaves it, whatever is in the log is text in it. `library`: what draws its charts."""
    templates = environment()
    templates.filters.update(clipped=clipped)
    choice = choose_sessions(analysis.sessions, analysis.findings)
    latency = over_time(analysis.log, analysis.log_end)
    specs = dict(_charts(analysis, latency))
    return templates.get_template("report.html").render(
        a=analysis,
        s=analysis.summary,
        manifest=analysis.log.manifest,
        findings=[_finding(finding, specs, choice) for finding in analysis.findings],
        charts=embedded(specs),
        charted=specs.keys(),
        latency_kinds=[name.partition("-")[2] for name in specs if name.startswith("latency-")],
        ends=_first_and_last(latency, analysis),
        choice=choice,
        explorer=embedded(_explorer(analysis, choice)),
        **_slots(analysis),
        **_leaks(analysis),
        profiles=_profiles(analysis),
        library=library,
    )


def _charts(analysis: Analysis, latency: pd.DataFrame) -> Iterator[tuple[str, Spec]]:
    end, limit = analysis.log_end, analysis.log.manifest.limit
    if not analysis.slots.curve.empty:
        stages = build_stages(analysis.log, end)
        yield "sessions", charts.sessions_over_time(analysis.slots, limit, stages, end)
    if analysis.hits.count:
        yield "hits", charts.hits_over_time(analysis.hits, end)
    if analysis.sessions["leak"].any():
        yield "leaks", charts.leaks_as_gantt(analysis.sessions, end)
    if not analysis.keep_alives.over_time.empty:
        yield "margins", charts.margins_over_time(analysis.keep_alives, end)
        yield "margins-by-size", charts.margins_by_size(analysis.keep_alives)
    for kind, spec in charts.latency_over_time(latency, end).items():
        yield f"latency-{kind}", spec
    if not analysis.generator.delays.empty:
        yield "delays", charts.loop_delays(analysis.generator, end)


def _finding(finding: Finding, specs: Mapping[str, Spec], choice: Choice) -> dict[str, Any]:
    """A finding, and where on the page it leads."""
    drawn = [name for name in specs if finding.chart and name.split("-")[0] == finding.chart]
    shown = int(choice.sessions["session"].isin(finding.sessions).sum())
    return {
        **vars(finding),
        "target": f"chart-{drawn[0]}" if drawn else None,
        "shown": _shown(shown, len(finding.sessions)),
    }


def _shown(shown: int, of: int) -> str:
    if not shown:
        return ""
    sessions = "its session" if of == 1 else f"its {of} sessions"
    return f"See {sessions}" if shown == of else f"See {shown} of {sessions}"


def _explorer(analysis: Analysis, choice: Choice) -> dict[str, Any]:
    timelines = build_timelines(analysis.log, [int(number) for number in choice.sessions["session"]])
    rows = explorer_rows(choice, _found(analysis), timelines)
    return {"kinds": KINDS, "outcomes": OUTCOMES, "holders": HOLDERS, "sessions": rows}


def _found(analysis: Analysis) -> dict[int, list[str]]:
    """By session, the findings that name it; in an audit with what shows them."""
    found: dict[int, list[str]] = {}
    for finding in analysis.findings:
        facts = analysis.audit.facts.get(finding.name, {}) if analysis.audit else {}
        for session in finding.sessions:
            said = f"{finding.name}: {facts[session]}" if session in facts else finding.name
            found.setdefault(session, []).append(said)
    return {number: said[:_NOTES_OF_A_SESSION] for number, said in found.items()}


def _slots(analysis: Analysis) -> dict[str, Any]:
    seconds, shares = analysis.slots.seconds, analysis.hits.held_by
    total = sum(seconds.values())
    held = {holder: seconds[holder] / total if total else 0.0 for holder in HOLDERS}
    return {
        "holders": [holder for holder in HOLDERS if seconds[holder]],
        "holders_all": HOLDERS,
        "slot_parts": [
            _part(holder, holder, seconds[holder], held[holder], f"{_seconds(seconds[holder])} ({held[holder]:.1%})")
            for holder in HOLDERS
        ],
        "hit_parts": [_part(holder, holder, share, share, f"{share:.1%}") for holder, share in shares.items()],
        "assumptions": ASSUMPTIONS,
        "bar": _bar,
    }


def _leaks(analysis: Analysis) -> dict[str, Any]:
    sessions, fates = analysis.sessions, analysis.summary["sessions"]["fates"]
    leaks = worst_leaks(sessions, analysis.log_end, MOST_LEAKS)
    support = support_table(sessions, analysis.log.manifest.started_unix)
    text = support.head(MOST_SUPPORT_ROWS).to_csv(index=False)
    return {
        "leaks": [{str(key): value for key, value in row.items()} for row in leaks.to_dict("records")],
        "leaks_total": int(sessions["leak"].sum()),
        "leak_bars": MOST_BARS,
        "fate_parts": [
            _part(fate, _fate_class(fate), fates[fate], fates[fate] / max(len(sessions), 1), number(fates[fate]))
            for fate in FATES
        ],
        "support": {
            "rows": min(len(support), MOST_SUPPORT_ROWS),
            "total": len(support),
            "url": f"data:text/csv;charset=utf-8;base64,{base64.b64encode(text.encode()).decode()}",
        },
    }


def _fate_class(fate: str) -> str:
    return _FATE_CLASSES.get(fate) or ("leaked" if fate in ("leaked-reaped", "swept") else "bad")


def _part(name: str, kind: str, value: float, share: float, shown: str) -> dict[str, Any]:
    return {"name": name, "class": kind, "value": value, "share": share, "shown": shown}


def _bar(value: int, told: Mapping[str, Any]) -> str:
    """The length of a bar of the counterfactual, in percent."""
    return f"{100 * value / max(told['measured'], told['first_attempts'], 1):.1f}"


def _first_and_last(latency: pd.DataFrame, analysis: Analysis) -> dict[str, tuple[float | None, float | None]]:
    """By operation, its median in the first and in the last fifth of the load: the median of the columns' medians."""
    load = analysis.log.manifest.load_ended or analysis.log_end
    found = {}
    for kind, own in latency.groupby("kind"):
        early, late = own["t"] < load / 5, (own["t"] >= load * 4 / 5) & (own["t"] < load)
        found[str(kind)] = (_median(own.loc[early, "p50"]), _median(own.loc[late, "p50"]))
    return found


def _median(values: pd.Series[float]) -> float | None:
    return float(values.median()) if len(values) else None


def _profiles(analysis: Analysis) -> list[dict[str, Any]]:
    rows = []
    sessions, calls = analysis.sessions, analysis.calls.by_profile
    for name in sorted({*sessions["profile"], *calls["profile"]}):
        own = sessions[sessions["profile"] == name]
        rows.append(
            {
                "name": name,
                "opened": len(own),
                "turns": int(own["turns"].sum()),
                "keep_alives": int(own["keep_alives"].sum()),
                "fates": {str(fate): int(n) for fate, n in own["fate"].value_counts().items()},
                "calls": calls[calls["profile"] == name].to_dict("records"),
            }
        )
    return rows


def _seconds(value: float) -> str:
    return f"{value:,.0f} s" if value >= 100 else f"{value:.1f} s"
