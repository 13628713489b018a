"""All checks, and which of them say something of an audit."""

from __future__ import annotations

from dataclasses import replace

from loadtests.model.api.description.words import ApiWords
from reports.findings import (
    deprecated_disable_idle_timeout,
    duplicate_session_ids,
    early_reap,
    errors_in_200,
    failed_calls,
    generator_late,
    ghost_sessions,
    hanging_requests,
    hidden_duration_cap,
    hits_by_wording,
    ignored_concurrency_errors,
    keepalive_ignored,
    keepalive_slower_than_timeout,
    keepalive_throttled,
    keepalive_too_tight,
    late_reap,
    latency_drift,
    leaks_held_the_limit,
    limit_below_advertised,
    limit_inferred,
    limit_too_low,
    lingering_sessions,
    list_inconsistent,
    list_lags,
    list_unavailable,
    lost_answers,
    out_of_resources,
    refusals,
    retry_storm,
    run_incomplete,
    sessions_lost_to_idle,
    slot_release_lag,
    slow_new,
    stale_connections,
    stop_without_effect,
    timeout_clamped,
    too_few_samples,
    unclosed_sessions,
    uncovered_quiet_periods,
    unexplained_ends,
    unexplained_refusals,
    unreachable,
    unstable_answers,
    ways,
    worker_lost,
    zombie_keepalives,
)
from reports.findings.as_modelled import as_modelled
from reports.findings.check import ORDER, Check, CheckOutcome, run_checks
from reports.findings.evidence import Evidence
from reports.findings.finding import Finding

CHECKS: tuple[Check, ...] = (
    generator_late.CHECK,
    run_incomplete.CHECK,
    worker_lost.CHECK,
    list_unavailable.CHECK,
    out_of_resources.CHECK,
    stale_connections.CHECK,
    too_few_samples.CHECK,
    duplicate_session_ids.CHECK,
    list_inconsistent.CHECK,
    list_lags.CHECK,
    ghost_sessions.CHECK,
    lingering_sessions.CHECK,
    keepalive_ignored.CHECK,
    timeout_clamped.CHECK,
    hidden_duration_cap.CHECK,
    early_reap.CHECK,
    unexplained_ends.CHECK,
    late_reap.CHECK,
    stop_without_effect.CHECK,
    slot_release_lag.CHECK,
    limit_below_advertised.CHECK,
    unexplained_refusals.CHECK,
    lost_answers.CHECK,
    hanging_requests.CHECK,
    unstable_answers.CHECK,
    unreachable.CHECK,
    errors_in_200.CHECK,
    slow_new.CHECK,
    latency_drift.CHECK,
    refusals.RATE,
    refusals.QUOTA,
    failed_calls.CHECK,
    limit_too_low.CHECK,
    leaks_held_the_limit.CHECK,
    limit_inferred.CHECK,
    hits_by_wording.CHECK,
    sessions_lost_to_idle.CHECK,
    uncovered_quiet_periods.CHECK,
    keepalive_slower_than_timeout.CHECK,
    keepalive_throttled.CHECK,
    keepalive_too_tight.CHECK,
    unclosed_sessions.CHECK,
    zombie_keepalives.CHECK,
    ways.DOUBLE_OPEN,
    ways.FAILED,
    retry_storm.CHECK,
    ignored_concurrency_errors.CHECK,
    deprecated_disable_idle_timeout.CHECK,
)
"""In the order in which findings of one severity are told."""

RECORDED: tuple[Check, ...] = (
    refusals.RATE,
    refusals.QUOTA,
    limit_inferred.CHECK,
    hits_by_wording.CHECK,
    leaks_held_the_limit.CHECK,
)
"""Of a recording: what needs neither the API's list nor a load of ours. What clients did is said by `reports.audit`."""
AUDITED: tuple[Check, ...] = (leaks_held_the_limit.CHECK,)
"""In an audit the API is the sandbox and the times are its own: all else is the client's doing, and said by `reports.audit`."""


Found = tuple[list[Finding], list[CheckOutcome]]
"""Everything that is found, the worst first, and what became of each check."""


def find_in_load_run(evidence: Evidence) -> Found:
    """Runs all checks; what a profile does by its own words is no problem."""
    findings, outcomes = run_checks(CHECKS, evidence)
    told = [_worded(as_modelled(finding, evidence), evidence) for finding in findings]
    return sorted(told, key=lambda finding: ORDER.index(finding.severity)), outcomes


def find_in_recording(evidence: Evidence) -> Found:
    """Runs the checks that make sense of a recording; what a modelled client would do, the recorded one did."""
    findings, outcomes = run_checks(RECORDED, evidence)
    return [_of_clients(_worded(finding, evidence)) for finding in findings], outcomes


def find_in_audit(evidence: Evidence) -> Found:
    """Runs the checks that make sense of an audit; whatever they find is the client's doing."""
    findings, outcomes = run_checks(AUDITED, evidence)
    return [replace(_worded(finding, evidence), owner="your client") for finding in findings], outcomes


def _worded(finding: Finding, evidence: Evidence) -> Finding:
    """Returns the finding with the API's own calls in its advice."""
    return replace(finding, advice=ApiWords(evidence.manifest.description).filled(finding.advice))


def _of_clients(finding: Finding) -> Finding:
    return replace(finding, owner="your client") if finding.owner == "modelled client" else finding
