"""Analyses and judges a run: the figures of summary.json and of the page."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any

import pandas as pd

from loadtests.model.log.fate import FATES
from loadtests.model.run.adaptation import limits_of
from loadtests.model.run.end_reason import STOPPED, is_early
from reports.analysis.cause import describe_cause, describe_recorded_cause
from reports.analysis.client import read_client
from reports.analysis.closures import Closures, build_closures
from reports.analysis.counterfactual import Counterfactual, build_counterfactual
from reports.analysis.effects import build_effects
from reports.analysis.generator import GeneratorHealth, build_generator
from reports.analysis.hits import Hits, build_hits
from reports.analysis.keepalive import KeepAlives, build_keep_alives
from reports.analysis.latency import CallLatencies, build_calls
from reports.analysis.leaks import LeakCosts, build_leak_costs, with_costs
from reports.analysis.offered import load_shortfalls
from reports.analysis.recorded_client import read_recorded_client
from reports.analysis.sessions import LOST_ANSWER, build_sessions, unresolved
from reports.analysis.slots import Slots, build_slots
from reports.audit.audit import Audit, audit, audit_recording
from reports.audit.recorded import of_one_client
from reports.findings.catalogue import find
from reports.findings.check import CheckOutcome
from reports.findings.evidence import Evidence
from reports.findings.failed_calls import doubt
from reports.findings.finding import Finding
from reports.findings.priorities import fix_first
from reports.log.log import EventLog
from reports.verdict.measurement import read
from reports.verdict.verdict import Verdict, failed_by, judge, with_problems
from reports.watch.account import WatchedAccount, read_account
from reports.watch.verdict import judge_watch

SCHEMA_VERSION = 1


@dataclass(frozen=True)
class Analysis:
    """Everything in the report, as small tables and figures."""

    log: EventLog
    log_end: float
    sessions: pd.DataFrame
    slots: Slots
    hits: Hits
    counterfactual: Counterfactual
    leak_costs: LeakCosts
    keep_alives: KeepAlives
    generator: GeneratorHealth
    calls: CallLatencies
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
    log_end = float(log.row("SELECT max(t + latency) / 1e9 AS t FROM events")["t"] or 0.0)
    # The fates of sessions take one core; the latency of calls does not depend on them.
    with log.second_connection() as other, ThreadPoolExecutor(1) as thread:
        calling = thread.submit(build_calls, other)
        sessions = build_sessions(log)
        calls = calling.result()
    slots = build_slots(log, log_end)
    hits = build_hits(log)
    counterfactual = build_counterfactual(log, log_end)
    leak_costs = build_leak_costs(log, hits, counterfactual)
    keep_alives = build_keep_alives(log, log_end)
    generator = build_generator(log, log_end)
    lists = int(log.row("SELECT count(*) AS n FROM events WHERE kind = 'list' AND outcome = 'ok'")["n"] or 0)
    evidence = Evidence(
        log=log,
        log_end=log_end,
        sessions=sessions,
        hits=hits,
        keep_alives=keep_alives,
        generator=generator,
        calls=calls.sent,
        looks=lists,
        unresolved=unresolved(log, sessions),
        peak=slots.peak,
        slot_seconds=slots.seconds,
        counterfactual=counterfactual,
        leak_costs=leak_costs,
    )
    findings, checks = find(evidence)
    figures = _figures(evidence, slots, calls)
    audited = _audited(log)
    if audited:
        findings = [*audited.findings, *findings]
        figures["audit"] = audited.as_dict()
    watched = read_account(log, log_end) if log.manifest.watch else None
    closures = build_closures(log) if log.manifest.recording else None
    if watched:
        figures["watch"] = watched.as_dict()
        verdict = judge_watch(watched, log.manifest)
    else:
        verdict = audited.verdict if audited else _verdict(evidence, figures, findings, checks)
    if closures:
        figures["recording"] = closures.as_dict()
    summary = _summary(log, log_end, figures, findings, checks, verdict)
    describe = describe_recorded_cause if closures else describe_cause
    # A watch sees no attempt that is refused.
    summary["cause"] = "" if watched else describe(counterfactual, hits, slots, log.manifest.limit)
    ranked = of_one_client(findings) if closures else findings
    summary["fix_first"] = [asdict(priority) for priority in fix_first(ranked, evidence)]
    return Analysis(
        log,
        log_end,
        with_costs(sessions, leak_costs),
        slots,
        hits,
        counterfactual,
        leak_costs,
        keep_alives,
        generator,
        calls,
        findings,
        verdict,
        summary,
        checks,
        audited,
        watched,
        closures,
    )


def _audited(log: EventLog) -> Audit | None:
    """Return what clients did that are not ours; None for a load run."""
    if log.manifest.recording:
        return audit_recording(read_recorded_client(log), log.manifest)
    return audit(read_client(log), log.manifest) if log.manifest.audit else None


def _verdict(
    evidence: Evidence, figures: Mapping[str, Any], findings: list[Finding], checks: list[CheckOutcome]
) -> Verdict:
    """Return the verdict on a load run."""
    log, scenario = evidence.log, evidence.manifest.scenario
    judged = {**figures, "finding": _found(checks), "finding_unknown": _unknown(checks)}
    why = (_cut_short(log), doubt(evidence), *load_shortfalls(log, evidence.log_end))
    verdict = judge(
        scenario.gates if scenario else (),
        partial(read, log, evidence.log_end, judged),
        judged,
        evidence.generator.doubts,
        list(filter(None, why)),
        scenario.least_samples if scenario else None,
    )
    weigh = failed_by if scenario and scenario.findings == "fail" else with_problems
    return weigh(verdict, [finding.name for finding in findings if finding.severity == "problem"])


def _figures(evidence: Evidence, slots: Slots, calls: CallLatencies) -> dict[str, Any]:
    sessions, hits, generator = evidence.sessions, evidence.hits, evidence.generator
    counts = sessions["fate"].value_counts()
    fates = {fate: int(counts.get(fate, 0)) for fate in FATES}
    return {
        "sessions": {
            "opened": len(sessions),
            "unresolved": evidence.unresolved,
            "lost_to_idle": fates["expired"],
            "leaked": int(sessions["leak"].sum()),
            "lost_answers": int((sessions["way"] == LOST_ANSWER).sum()),
            "ghosts": int(sessions["ghost"].sum()),
            "peak": slots.peak,
            "fates": fates,
        },
        "concurrency_hits": {
            "count": hits.count,
            "first_attempts": hits.first_attempts,
            "first_attempt_share": hits.first_attempts / hits.first_attempts_made if hits.first_attempts_made else None,
            "persons_lost": hits.persons_lost,
            "held_by": hits.held_by,
            "slots": hits.slots,
            "worst_episode": hits.worst_episode,
            "other_refusals": hits.others,
            "without_leaks": evidence.counterfactual.as_dict(),
        },
        "leaks": evidence.leak_costs.as_list(),
        "withheld": hits.withheld,
        "calls": build_effects(evidence.log),
        "slot_seconds": slots.seconds,
        "keep_alive": {
            "count": evidence.keep_alives.count,
            "acknowledged": evidence.keep_alives.acknowledged,
            "failed": evidence.keep_alives.count - evidence.keep_alives.acknowledged,
            "lateness": evidence.keep_alives.lateness.as_dict(),
            "margin": evidence.keep_alives.margin.as_dict(),
        },
        "latency": {kind: values.as_dict() for kind, values in calls.sent.items()},
        "latency_from_intended": {kind: values.as_dict() for kind, values in calls.intended.items()},
        "generator": {
            "requests": generator.requests,
            "requests_per_second": generator.rate,
            "loop_delay": generator.loop_delay.as_dict(),
            "connection_wait": generator.connection_wait.as_dict(),
            "longest_stall": generator.longest_stall,
            "memory": generator.memory.as_dict(),
            "doubts": generator.doubts,
        },
    }


def _cut_short(log: EventLog) -> str:
    """Return why the run ended early; "" if it did not."""
    reason = log.manifest.end_reason
    if log.manifest.scenario is None or not is_early(reason):
        return ""
    return "you stopped the run early" if reason == STOPPED else f"the run ended early: {reason}"


def _found(checks: list[CheckOutcome]) -> dict[str, int]:
    """Return 1 for each check that found something, 0 if it did not; inconclusive checks are left out."""
    return {check.name: int(check.result == "fail") for check in checks if check.result != "unknown"}


def _unknown(checks: list[CheckOutcome]) -> dict[str, str]:
    """Return why checks are inconclusive."""
    return {check.name: check.why for check in checks if check.why}


def _summary(
    log: EventLog,
    log_end: float,
    figures: Mapping[str, Any],
    findings: list[Finding],
    checks: list[CheckOutcome],
    verdict: Verdict,
) -> dict[str, Any]:
    manifest = log.manifest
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
        "duration": log_end,
        "end_reason": manifest.end_reason,
        **figures,
        "findings": [
            {
                "name": finding.name,
                "severity": finding.severity,
                "owner": finding.owner,
                "confidence": finding.confidence,
                "said": finding.text,
                "advice": finding.advice,
                "sessions": list(finding.sessions),
                "interval": list(finding.interval) if finding.interval else None,
            }
            for finding in findings
        ],
        "checks": {check.name: check.result for check in checks},
        "checks_unknown": _unknown(checks),
        "gates": [asdict(gate) for gate in verdict.gates],
    }
