"""The fates that a session may have."""

FATES = (
    "closed",
    "censored",
    "expired",
    "capped",
    "dropped",
    "stop-failed",
    "leaked-reaped",
    "leaked-early",
    "leaked-late",
    "swept",
    "lingering",
    "unobserved",
)
"""Causes of a session's end, of which each opened session has exactly one (docs/definitions.md)."""
