"""All checks of an audit."""

from __future__ import annotations

from reports.audit import calls, credentials, keepalives, misnamed_fields, open_sessions, refusals, unknown_calls
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
    credentials.TOKEN_REUSE,
    open_sessions.LOST_ANSWERS,
    keepalives.TOO_TIGHT,
    misnamed_fields.MISNAMED_FIELDS,
    credentials.KEY_IN_PAGE,
    calls.DEPRECATED_DISABLE_IDLE_TIMEOUT,
)
"""By weight: a session's verdict is the first that it shows."""

CALL_CHECKS: tuple[CallCheck, ...] = (
    unknown_calls.UNKNOWN_CALLS,
    refusals.INVALID_REQUESTS,
    refusals.RETRY_STORM,
    refusals.IGNORED_CONCURRENCY_ERRORS,
    calls.WITHOUT_SESSION,
    credentials.UNAUTHORIZED,
)
"""Findings that do not belong to a single session."""

PASSED: dict[str, str] = {
    **{check.name: check.passed for check in CHECKS},
    **{check.name: check.passed for check in CALL_CHECKS},
}
"""What holds if a check finds nothing, by the check's name."""
