"""A load run: judged by its gates, the health of the generator and, if the scenario says so, its problems."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from loadtests.model.run.end_reason import STOPPED, is_early
from reports.analysis.cause import describe_cause
from reports.analysis.offered import load_shortfalls
from reports.findings.catalogue import find_in_load_run
from reports.findings.check import CheckOutcome, unknown_checks
from reports.findings.evidence import Evidence
from reports.findings.failed_calls import doubt
from reports.findings.finding import Finding
from reports.log.log import EventLog
from reports.sources.interpretation import Interpretation
from reports.sources.measured import Measured
from reports.verdict.measurement import read
from reports.verdict.verdict import Verdict, failed_by, judge, with_problems


def interpret_load_run(measured: Measured) -> Interpretation:
    """Returns the findings about the API, the clients and the generator, and the verdict of the gates."""
    evidence = measured.evidence
    findings, checks = find_in_load_run(evidence)
    verdict = _weighed(_judged(evidence, measured.figures, checks), findings, evidence)
    cause = describe_cause(evidence.counterfactual, evidence.hits, evidence.slots, evidence.manifest.limit)
    return Interpretation(findings, checks, verdict, cause, findings)


def _judged(evidence: Evidence, figures: Mapping[str, Any], checks: list[CheckOutcome]) -> Verdict:
    log, scenario = evidence.log, evidence.manifest.scenario
    judged = {**figures, "finding": _found(checks), "finding_unknown": unknown_checks(checks)}
    why = (_cut_short(log), doubt(evidence), *load_shortfalls(log, evidence.log_end))
    return judge(
        scenario.gates if scenario else (),
        partial(read, log, evidence.log_end, judged),
        judged,
        evidence.generator.doubts,
        list(filter(None, why)),
        scenario.least_samples if scenario else None,
    )


def _weighed(verdict: Verdict, findings: list[Finding], evidence: Evidence) -> Verdict:
    """Returns the verdict with the problems that were found, which fail the run if its scenario says so."""
    scenario = evidence.manifest.scenario
    weigh = failed_by if scenario and scenario.findings == "fail" else with_problems
    return weigh(verdict, [finding.name for finding in findings if finding.severity == "problem"])


def _cut_short(log: EventLog) -> str:
    """Returns why the run ended early; "" if it did not."""
    reason = log.manifest.end_reason
    if log.manifest.scenario is None or not is_early(reason):
        return ""
    return "you stopped the run early" if reason == STOPPED else f"the run ended early: {reason}"


def _found(checks: list[CheckOutcome]) -> dict[str, int]:
    """Returns 1 for each check that found something, 0 if it did not; inconclusive checks are left out."""
    return {check.name: int(check.result == "fail") for check in checks if check.result != "unknown"}
