"""All checkers of an audit."""

from __future__ import annotations

from reports.audit import (
    calls_on_closed_session,
    calls_without_session,
    deprecated_disable_idle_timeout,
    double_open,
    ignored_concurrency_errors,
    keepalives,
    lost_answers,
    no_stop_after_failed_start,
    retry_storm,
    unauthorized_calls,
    unclosed_sessions,
    uncovered_quiet_periods,
    zombie_keepalives,
)
from reports.audit.check import AuditCheck, CallCheck

CHECKS: tuple[AuditCheck, ...] = (
    no_stop_after_failed_start.CHECK,
    zombie_keepalives.CHECK,
    uncovered_quiet_periods.CHECK,
    keepalives.SLOWER,
    unclosed_sessions.CHECK,
    double_open.CHECK,
    calls_on_closed_session.CHECK,
    lost_answers.CHECK,
    keepalives.TOO_TIGHT,
    deprecated_disable_idle_timeout.CHECK,
)
"""In the order of their weight: a session's verdict is the first that it shows."""

CALL_CHECKS: tuple[CallCheck, ...] = (
    retry_storm.CHECK,
    ignored_concurrency_errors.CHECK,
    calls_without_session.CHECK,
    unauthorized_calls.CHECK,
)
"""Findings that are of no one session."""
