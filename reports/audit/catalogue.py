"""All checks of an audit."""

from __future__ import annotations

from reports.audit import calls, keepalives, open_sessions, refusals
from reports.audit.check import AuditCheck, CallCheck

CHECKS: tuple[AuditCheck, ...] = (
    open_sessions.NO_STOP_AFTER_FAILED_START,
    keepalives.ZOMBIE_KEEP_ALIVES,
    keepalives.UNCOVERED_QUIET_PERIODS,
    keepalives.SLOWER,
    keepalives.THROTTLED,
    open_sessions.UNCLOSED,
    open_sessions.DOUBLE_OPEN,
    calls.ON_CLOSED_SESSION,
    open_sessions.LOST_ANSWERS,
    keepalives.TOO_TIGHT,
    calls.DEPRECATED_DISABLE_IDLE_TIMEOUT,
)
"""By weight: a session's verdict is the first that it shows."""

CALL_CHECKS: tuple[CallCheck, ...] = (
    refusals.INVALID_REQUESTS,
    refusals.RETRY_STORM,
    refusals.IGNORED_CONCURRENCY_ERRORS,
    calls.WITHOUT_SESSION,
    calls.UNAUTHORIZED,
)
"""Findings that do not belong to a single session."""
