"""Chooses what to fix first: the findings in the order of what they cost.

A cost is a share of the run's refusals. Findings that cost no refusal that can be counted follow by their severity.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from loadtests.model.text.units import format_duration
from loadtests.model.text.wording import of_total
from reports.findings.check import ORDER
from reports.findings.evidence import Evidence
from reports.findings.finding import Finding

MOST = 3

_OF_LEAKS = (
    "leaks-held-the-limit",
    "unclosed-sessions",
    "zombie-keepalives",
    "double-open",
    "no-stop-after-failed-start",
)
"""One thing to fix: the first of these that was found stands for all."""
_BELOW_THE_LIMIT = ("limit-below-advertised", "unexplained-refusals", "slot-release-lag")
_LEAST_SHARE = 0.005
"""Of the refusals: a smaller cost is none."""
_OF_THE_RUN = ("too-few-samples",)
"""About the run's gates: nothing that costs a user anything."""
_WORTH_FIXING = ("problem", "unknown", "warning")


@dataclass(frozen=True)
class Priority:
    """One thing to fix."""

    finding: str
    severity: str
    advice: str
    """What to do, in one sentence."""
    cost: str
    """What it cost the run; "" if that cannot be counted."""
    share: float
    """Of the refusals that it caused."""


def fix_first(findings: list[Finding], evidence: Evidence) -> list[Priority]:
    """Returns at most three, the costliest first."""
    order = sorted(_priorities(findings, evidence), key=lambda each: (-each.share, ORDER.index(each.severity)))
    return order[:MOST]


def _priorities(findings: list[Finding], evidence: Evidence) -> Iterator[Priority]:
    of_leaks = sorted((found for found in findings if found.name in _OF_LEAKS), key=lambda f: _OF_LEAKS.index(f.name))
    for finding in findings:
        if finding in of_leaks[1:]:
            continue
        cost, share = _cost(finding, evidence)
        if share >= _LEAST_SHARE or (finding.severity in _WORTH_FIXING and finding.name not in _OF_THE_RUN):
            yield Priority(finding.name, finding.severity, _first_sentence(finding.advice), cost, share)


def _cost(finding: Finding, evidence: Evidence) -> tuple[str, float]:
    if finding.name in _OF_LEAKS:
        return _of_leaks(evidence)
    replay = evidence.counterfactual
    if finding.name == "limit-too-low" and replay.first_attempts and replay.measured:
        remaining = min(replay.first_attempts, replay.measured)
        return of_total(remaining, replay.measured, "first refusal"), remaining / replay.measured
    if (
        finding.name in _BELOW_THE_LIMIT
        and evidence.hits.count
        and evidence.listed
        and evidence.manifest.limit is not None
    ):
        below = evidence.refusal_causes.n
        return of_total(below, evidence.hits.count, "refusal") if below else "", below / evidence.hits.count
    return "", 0.0


def _of_leaks(evidence: Evidence) -> tuple[str, float]:
    replay, seconds = evidence.counterfactual, float(evidence.leak_costs.rows["slot_seconds"].sum())
    held = f"{format_duration(seconds)} of slot time"
    if not replay.caused:
        return held, 0.0
    return f"{of_total(replay.caused, replay.measured, 'first refusal')}, {held}", replay.caused / replay.measured


def _first_sentence(text: str) -> str:
    end = text.find(". ")
    return text if end < 0 else text[: end + 1]
