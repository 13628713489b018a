"""Analyses and judges a run: the figures of summary.json and of the page."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import pandas as pd

from loadtests.model.run.adaptation import limits_of
from reports.analysis.closures import Closures
from reports.analysis.counterfactual import Counterfactual
from reports.analysis.generator import GeneratorHealth
from reports.analysis.hits import Hits
from reports.analysis.keepalive import KeepAlives
from reports.analysis.leaks import LeakCosts, with_costs
from reports.analysis.slots import Slots
from reports.analysis.timings import CallTimings
from reports.audit.audit import Audit
from reports.findings.check import CheckOutcome, unknown_checks
from reports.findings.evidence import Evidence, gather_evidence
from reports.findings.finding import Finding
from reports.findings.priorities import fix_first
from reports.log.log import EventLog
from reports.sources.figures import figures_of
from reports.sources.interpretation import Interpretation
from reports.sources.measured import Measured
from reports.sources.source import interpreter_of
from reports.verdict.verdict import Verdict
from reports.watch.account import WatchedAccount

SCHEMA_VERSION = 1


@dataclass(frozen=True)
class Analysis:
    """Everything in the report, as small tables and figures."""

    log: EventLog
    log_end: float
    sessions: pd.DataFrame
    leaks: pd.DataFrame
    """Those that leaked, with what each cost."""
    slots: Slots
    hits: Hits
    counterfactual: Counterfactual
    leak_costs: LeakCosts
    keep_alives: KeepAlives
    generator: GeneratorHealth
    calls: CallTimings
    findings: list[Finding]
    verdict: Verdict
    summary: dict[str, Any]
    checks: list[CheckOutcome]
    """The result of each check."""
    audit: Audit | None = None
    """The audit, if the log is of one, or of a recording."""
    watched: WatchedAccount | None = None
    """The account, if the log is of a watch."""
    closures: Closures | None = None
    """How sessions ended, if the log is a recording."""


def analyse(log: EventLog) -> Analysis:
    """Analyse the log."""
    evidence = gather_evidence(log)
    figures = figures_of(evidence)
    interpretation = interpreter_of(log.manifest)(Measured(evidence, figures))
    return Analysis(
        log,
        evidence.log_end,
        evidence.sessions,
        with_costs(evidence.sessions[evidence.sessions["leak"]], evidence.leak_costs),
        evidence.slots,
        evidence.hits,
        evidence.counterfactual,
        evidence.leak_costs,
        evidence.keep_alives,
        evidence.generator,
        evidence.timings,
        interpretation.findings,
        interpretation.verdict,
        _summary(evidence, figures, interpretation),
        interpretation.checks,
        interpretation.audit,
        interpretation.watched,
        interpretation.closures,
    )


def _summary(evidence: Evidence, figures: dict[str, Any], interpretation: Interpretation) -> dict[str, Any]:
    manifest, verdict = evidence.manifest, interpretation.verdict
    return {
        "schema_version": SCHEMA_VERSION,
        "run": manifest.run,
        "verdict": verdict.result,
        "sentence": verdict.sentence,
        "scenario": manifest.scenario.name if manifest.scenario else None,
        "api": {"name": manifest.description.name, "limits": list(limits_of(manifest.description))},
        "seed": manifest.seed,
        "limit": manifest.limit,
        "started": manifest.started,
        "duration": evidence.log_end,
        "end_reason": manifest.end_reason,
        **figures,
        **interpretation.figures,
        "findings": list(map(_finding, interpretation.findings)),
        "checks": {check.name: check.result for check in interpretation.checks},
        "checks_unknown": unknown_checks(interpretation.checks),
        "gates": [asdict(gate) for gate in verdict.gates],
        "cause": interpretation.cause,
        "fix_first": [asdict(priority) for priority in fix_first(interpretation.rankable, evidence)],
    }


def _finding(finding: Finding) -> dict[str, Any]:
    return {
        "name": finding.name,
        "severity": finding.severity,
        "owner": finding.owner,
        "confidence": finding.confidence,
        "said": finding.text,
        "advice": finding.advice,
        "sessions": list(finding.sessions),
        "interval": list(finding.interval) if finding.interval else None,
    }
