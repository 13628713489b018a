"""A run's summary as Markdown, for a pipeline's job page: verdict, gates, figures, one chart, findings. See
`audit_markdown` for an audit.

Texts from files and from the API are escaped: none is read as Markdown, HTML, a link or a mention.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from loadtests.model.text.units import format_duration
from loadtests.model.text.wording import count, percent
from reports.findings.finding import Finding
from reports.output.audit_markdown import audit_markdown
from reports.output.markdown_text import escaped, table
from reports.summary import Analysis

_MOST_FINDINGS = 20
_MOST_GATES = 100


def markdown(analysis: Analysis, chart: str) -> str:
    """Return the text; `chart`: Markdown that shows one."""
    if analysis.audit is not None:
        return audit_markdown(analysis, analysis.audit)
    summary, verdict = analysis.summary, analysis.verdict
    parts = [
        f"### streamsoak: {verdict.word}",
        f"{escaped(verdict.reason)}",
        *([escaped(summary["cause"])] if summary["cause"] else []),
        *_api(summary["api"]),
        *table(("gate", "result", "value"), _gates(analysis)),
        *table(("figure", "value"), _figures(analysis)),
        *table(("call", "n", "median", "p99", "maximum"), _latencies(summary)),
        *([chart] if chart else []),
        *_findings(analysis.findings),
        _run(summary),
    ]
    return "\n\n".join(parts) + "\n"


def _gates(analysis: Analysis) -> Iterator[tuple[str, ...]]:
    gates = analysis.verdict.gates
    for gate in gates[:_MOST_GATES]:
        yield gate.gate, gate.result, gate.shown
    if len(gates) > _MOST_GATES:
        yield f"… and {len(gates) - _MOST_GATES} more: see summary.json", "", ""


def _figures(analysis: Analysis) -> Iterator[tuple[str, ...]]:
    if analysis.watched:
        yield from ((name, value) for value, name in analysis.watched.headline)
    else:
        yield from _load_figures(analysis.summary)


def _load_figures(summary: dict[str, Any]) -> Iterator[tuple[str, ...]]:
    sessions, hits, keep_alive = summary["sessions"], summary["concurrency_hits"], summary["keep_alive"]
    limit = f", limit {summary['limit']:,}" if summary["limit"] else ""
    yield "sessions opened", f"{sessions['opened']:,} (peak {sessions['peak']:,}{limit})"
    yield "leaked", f"{sessions['leaked']:,} ({sessions['fates']['lingering']:,} lingering)"
    yield "reaped while in use", f"{sessions['lost_to_idle']:,}"
    first = f"{count(hits['first_attempts'], 'first attempt')}, {count(hits['persons_lost'], 'user')} lost"
    yield "concurrency hits", f"{hits['count']:,} ({first})"
    if hits["held_by"]:
        yield (
            "slots at the hits",
            ", ".join(f"{holder} {percent(share)}" for holder, share in hits["held_by"].items() if share),
        )
    yield "keep-alives", f"{keep_alive['count']:,} ({keep_alive['failed']:,} failed)"
    yield "margin of keep-alives, p1", _seconds(keep_alive["margin"]["p1"])
    yield (
        "requests",
        f"{summary['generator']['requests']:,} ({summary['generator']['requests_per_second']:.1f} a second)",
    )
    yield "loop delay of the load generator, p99", _seconds(summary["generator"]["loop_delay"]["p99"])


def _api(api: dict[str, Any]) -> Iterator[str]:
    """What the API leaves out: one part, or none."""
    if api["limits"]:
        lines = (f"- {escaped(each)}" for each in api["limits"])
        yield "\n".join((f"{escaped(api['name'])}: what this run could not do or know", "", *lines))


def _latencies(summary: dict[str, Any]) -> Iterator[tuple[str, ...]]:
    for call, values in summary["latency"].items():
        yield call, f"{values['n']:,}", *(_seconds(values[name]) for name in ("p50", "p99", "max"))


def _findings(findings: list[Finding]) -> Iterator[str]:
    if not findings:
        return
    lines = [
        f"- **{finding.severity}** {escaped(finding.name)} ({finding.owner}): {escaped(finding.text)}"
        for finding in findings[:_MOST_FINDINGS]
    ]
    if len(findings) > _MOST_FINDINGS:
        lines.append(f"- and {len(findings) - _MOST_FINDINGS} more: see report.html")
    yield "\n".join(lines)


def _run(summary: dict[str, Any]) -> str:
    ended = summary["end_reason"] or "it was cut off"
    return f"Run {escaped(summary['run'])}, {format_duration(summary['duration'])}; {escaped(ended)}."


def _seconds(value: float | None) -> str:
    return "–" if value is None else format_duration(value)
