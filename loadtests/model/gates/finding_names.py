"""The names of all findings, as gates, checks and the documentation use them."""

from __future__ import annotations

API_FINDINGS = (
    "lingering-sessions",
    "ghost-sessions",
    "keepalive-ignored",
    "early-reap",
    "late-reap",
    "slot-release-lag",
    "limit-below-advertised",
    "hidden-duration-cap",
    "timeout-clamped",
    "errors-in-200",
    "hanging-requests",
    "slow-new",
    "lost-answers",
    "unstable-answers",
    "rate-limited",
    "quota-exhausted",
    "latency-drift",
    "list-inconsistent",
    "list-lags",
    "duplicate-session-ids",
    "stop-without-effect",
    "failed-calls",
    "unexplained-refusals",
    "unexplained-ends",
    "unreachable",
)
"""The API's doing."""

CLIENT_FINDINGS = (
    "unclosed-sessions",
    "zombie-keepalives",
    "uncovered-quiet-periods",
    "keepalive-too-tight",
    "keepalive-slower-than-timeout",
    "keepalive-throttled",
    "retry-storm",
    "double-open",
    "no-stop-after-failed-start",
    "deprecated-disable-idle-timeout",
    "sessions-lost-to-idle",
    "ignored-concurrency-errors",
    "leaks-held-the-limit",
)
"""The client's: the modelled one's in a load run, one's own in an audit."""

AUDIT_FINDINGS = (
    "calls-on-closed-session",
    "calls-without-session",
    "unauthorized-calls",
    "invalid-requests",
    "unknown-calls",
    "misnamed-fields",
    "token-reuse",
    "key-in-page",
)
"""One's own client's, which a modelled one never shows."""

ACCOUNT_FINDINGS = ("limit-too-low", "limit-inferred", "hits-by-wording")
"""The account's."""

GENERATOR_FINDINGS = (
    "generator-late",
    "run-incomplete",
    "worker-lost",
    "too-few-samples",
    "list-unavailable",
    "out-of-resources",
    "stale-connections",
)
"""Our own: what they say of a run's other figures is how far these can be trusted."""

FINDINGS = (*API_FINDINGS, *CLIENT_FINDINGS, *AUDIT_FINDINGS, *ACCOUNT_FINDINGS, *GENERATOR_FINDINGS)
"""Every name."""
